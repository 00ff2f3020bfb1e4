import Tokens
import Directory
import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// Signing keys as an administrator sees them, public facts only.
struct KeyList: ResponseContent {
    let keys: [KeyView]

    static let example = KeyList(keys: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("keys", keys)
    }
}

/// One signing key.
struct KeyView: ResponseContent {
    var kid: String
    var algorithm: String
    var state: String
    var createdAt: Date
    var activatedAt: Date?
    var retiredAt: Date?

    static let example = KeyView(
        kid: "tNoJ3XyEhLhxbLYYVdOZvt7iWuLtrZbHpb2eNQRTmMA", algorithm: "ES256", state: "active",
        createdAt: Date(timeIntervalSince1970: 1_767_225_600), activatedAt: Date(timeIntervalSince1970: 1_767_312_000))

    func write(to fields: inout some FieldSink) {
        fields.field("kid", kid)
        fields.field("alg", algorithm)
        fields.field("state", state)
        fields.field("created_at", createdAt)
        fields.field("activated_at", activatedAt)
        fields.field("retired_at", retiredAt)
    }
}

/// The body of a rotation on demand.
struct KeyRotationInput: RequestContent {
    let isImmediate: Bool

    init(from fields: inout FieldReader) {
        isImmediate = fields.optional("immediately", .flag) ?? false
    }
}

/// Shows a tenant's signing keys, and rotates them on demand.
struct KeyEndpoints {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let rotation: KeyRotation

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .get, "/api/v1/admin/keys", id: "listKeys", tag: "admin", summary: "The tenant's signing keys",
                access: .permission(.keysRead)
            )
            .handle { call in try await this.list(call) },
            Route(
                .post, "/api/v1/admin/keys/rotate", id: "rotateKeys", tag: "admin",
                summary: "Publish a new signing key, used after the usual time, or at once",
                access: .permission(.keysRotate)
            )
            .handle(KeyRotationInput.self) { call, input in
                guard let tenant = this.tenants.tenant(call.tenant) else { throw Problem.notFound }
                let detail = #"{"immediately":\#(input.isImmediate)}"#
                try await this.rotation.tend(
                    tenant, demand: input.isImmediate ? .now : .soon,
                    audit: call.audit("keys.rotated", "tenant", tenant.id.text, detail: detail))
                return try await this.list(call)
            },
        ]
    }

    private func list(_ call: Call) async throws -> KeyList {
        let rows = try await postgres.query(KeyStatements.all, scope: .tenant(call.tenant))
        return KeyList(
            keys: try rows.map { row in
                let key = try StoredKey(row)
                return KeyView(
                    kid: key.kid, algorithm: key.algorithm.rawValue, state: key.state, createdAt: key.createdAt,
                    activatedAt: key.activatedAt, retiredAt: key.retiredAt)
            })
    }
}
