import Domain
import Events
import FoundationEssentials
import Hummingbird
import Kit
import Postgres
import Tokens

/// Registers clients, changes and removes them.
struct ClientRegistrar: Sendable {
    let changes: ChangeRunner

    /// Registers a client.
    /// - Throws: 403 for a first-party client that no superuser asks for, 409 for a `client_id` that is in use.
    func register(_ call: Call, _ registration: ClientRegistration) async throws -> Response {
        guard !registration.isFirstParty || call.isSuperuser else {
            throw Problem.forbidden("A first-party client can be registered by a superuser only.")
        }
        let id = UUID.v7()
        let secret = registration.isConfidential ? OpaqueSecret(prefix: "ghs_") : nil
        do {
            return try await changes.create(call, in: call.tenant) { transaction in
                _ = try await transaction.query(
                    ClientStatements.insert,
                    [
                        .uuid(id), .text(registration.identifier), .text(registration.name),
                        .text(registration.isConfidential ? "confidential" : "public"), .optional(secret?.digest),
                        .bool(registration.isFirstParty), .textArray(registration.grantTypes),
                        .textArray(registration.scopes), .textArray(registration.audiences),
                        .textArray(registration.origins), .int4(Int32(registration.reuseInterval)),
                    ] + registration.lifetimes.values)
                var detail = AuditDetail()
                detail.note("client_id", registration.identifier)
                detail.note("confidential", registration.isConfidential)
                detail.note("first_party", registration.isFirstParty)
                detail.note("grant_types", registration.grantTypes)
                detail.note("scopes", registration.scopes)
                detail.note("audiences", registration.audiences)
                let events = try await transaction.record(
                    [.clientChanged(id)],
                    audit: call.audit("client.registered", "client", id.text, detail: detail.json))
                let client = try await transaction.client(id)
                return Changed(answer: NewClient(client: client, secret: secret?.text), events: events)
            }
        } catch let PostgresError.server(error) where error.constraint == "clients_tenant_id_identifier_key" {
            throw Problem.conflict(
                "client_id_taken", "This client_id is in use already",
                errors: [.init(field: "client_id", code: "taken", detail: "is in use already")])
        }
    }

    /// A first-party client may handle passwords: only who may make one may take hold of one.
    private static func guardFirstParty(_ client: ManagedClient, _ call: Call) throws(Problem) {
        guard !client.isFirstParty || call.isSuperuser else {
            throw .forbidden("Only a superuser changes a first-party client.")
        }
    }

    /// Changes the client that the path names.
    func change(_ call: Call, _ change: ClientChange) async throws -> ManagedClient {
        let id = try call.id("id")
        return try await changes.run(in: call.tenant) { transaction in
            let client = try await transaction.client(id, after: ClientStatements.lock)
            try Self.guardFirstParty(client, call)
            try call.requireMatch(client)
            let wanted = try change.applied(to: client)
            let detail = client.changes(to: wanted)
            guard !detail.isEmpty else { return Changed(answer: client, events: []) }
            guard !client.isBuiltin || wanted.state == "active" else { throw Problem.builtinClient }
            _ = try await transaction.query(
                ClientStatements.update,
                [
                    .uuid(id), .text(wanted.name), .text(wanted.state), .textArray(wanted.grantTypes),
                    .textArray(wanted.scopes), .textArray(wanted.audiences), .textArray(wanted.origins),
                    .int4(Int32(wanted.reuseInterval)),
                ] + wanted.lifetimes.values)
            let events = try await transaction.record(
                [.clientChanged(id)], audit: call.audit("client.changed", "client", id.text, detail: detail.json))
            return Changed(answer: try await transaction.client(id), events: events)
        }
    }

    /// Gives the client that the path names a new secret.
    func renewSecret(_ call: Call, _ renewal: SecretRenewal) async throws -> NewClientSecret {
        let id = try call.id("id")
        let secret = OpaqueSecret(prefix: "ghs_")
        return try await changes.run(in: call.tenant) { transaction in
            let client = try await transaction.client(id, after: ClientStatements.lock)
            try Self.guardFirstParty(client, call)
            guard client.isConfidential else {
                throw Problem.conflict("public_client", "A public client has no secret")
            }
            _ = try await transaction.query(
                ClientStatements.setSecret, [.uuid(id), .bytea(secret.digest), .float8(Double(renewal.overlap))])
            var detail = AuditDetail()
            detail.note("overlap_seconds", renewal.overlap)
            let events = try await transaction.record(
                [.clientChanged(id)],
                audit:
                    call.audit("client.secret_renewed", "client", id.text, detail: detail.json))
            let answer = NewClientSecret(
                identifier: client.identifier, secret: secret.text,
                formerExpiresAt: try await transaction.client(id).formerSecretExpiresAt)
            return Changed(answer: answer, events: events)
        }
    }

    /// Removes the client that the path names, after its sessions.
    func remove(_ call: Call) async throws {
        let id = try call.id("id")
        try await changes.run(in: call.tenant) { transaction in
            let client = try await transaction.client(id, after: ClientStatements.lockForRemoval)
            guard !client.isBuiltin else { throw Problem.builtinClient }
            try Self.guardFirstParty(client, call)
            try call.requireMatch(client)
            var detail = AuditDetail()
            detail.note("client_id", client.identifier)
            let ended = try await transaction.query(ClientStatements.endSessions, [.uuid(id)])
            detail.note("sessions", ended.affected)
            let events = try await transaction.record(
                [PostgresStep(ClientStatements.tellOfSessions, [.uuid(id)]), .clientChanged(id)],
                audit: call.audit("client.deleted", "client", id.text, detail: detail.json))
            _ = try await transaction.query(ClientStatements.remove, [.uuid(id)])
            return Changed(answer: (), events: events)
        }
    }
}

extension PostgresTransaction {
    /// The client as it is now, within the transaction.
    /// - Parameter lock: A statement that locks it first.
    /// - Throws: `Problem.notFound`.
    func client(
        _ id: UUID, after lock: PostgresStatement? = nil
    ) async throws -> ManagedClient {
        if let lock { _ = try await query(lock, [.uuid(id)]) }
        guard let row = try await query(ClientStatements.client, [.uuid(id)]).first else { throw Problem.notFound }
        return try ManagedClient(row)
    }
}

extension PostgresStep {
    /// Tells others that a client is another now.
    static func clientChanged(_ client: UUID) -> PostgresStep {
        EventStatements.append(.clientChanged, subject: client)
    }
}

extension Problem {
    /// 409: sign-in through the API itself needs this client.
    static let builtinClient = Problem.conflict("builtin_client", "The built-in client has to stay, and active")
}
