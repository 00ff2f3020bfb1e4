import Directory
import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Postgres
import Tokens

/// How many sessions were ended.
struct EndedSessions: ResponseContent {
    let count: Int

    static let example = EndedSessions(count: 3)

    func write(to fields: inout some FieldSink) {
        fields.field("revoked", count)
    }
}

/// Opens and ends sessions.
struct SessionEndpoints {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let publisher: EventPublisher
    let issuer: TokenIssuer

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .post, OpenSession.path, id: "openSession", tag: "internal", summary: "Open a session",
                access: .processes
            )
            .handle(OpenSession.self) { call, input in try await this.open(call, input) },
            Route(
                .post, "/api/v1/auth/logout", id: "logout", tag: "auth",
                summary: "End the session of this access token",
                access: .bearer
            )
            .raw(status: .noContent, mediaType: nil) { call in try await this.end(call) },
            Route(
                .post, "/api/v1/auth/logout-all", id: "logoutAll", tag: "auth",
                summary: "End every session of this access token's user", access: .bearer
            )
            .handle { call in try await this.endAll(call) },
        ]
    }

    private func open(_ call: Call, _ input: OpenSession) async throws -> TokenAnswer {
        guard let tenant = tenants.tenant(call.tenant), tenant.isActive else { throw Problem.forbidden }
        let session = UUID.v7()
        let rows = try await postgres.query(
            SessionStatements.open,
            [
                .uuid(session), .uuid(input.user), .text(input.client), .textArray(input.methods),
                .optional(input.deviceName), .optional(call.userAgent), .optional(call.address),
                .float8(Double(tenant.settings.sessionIdleLifetime.components.seconds)),
                .float8(Double(tenant.settings.sessionLifetime.components.seconds)),
            ], scope: .tenant(call.tenant))
        guard let row = rows.first else { throw Problem.forbidden }
        let grant = Grant(
            tenant: tenant, session: session, user: try row.decode(0), client: input.client, scope: try row.decode(1),
            roles: try row.decode(2), generation: 0)
        return try await issuer.tokens(for: grant)
    }

    private func end(_ call: Call) async throws -> Response {
        let principal = try call.authenticated()
        guard let session = principal.session else { throw Problem.forbidden }
        let rows = try await postgres.query(
            SessionStatements.end, [.uuid(session), .uuid(principal.subject), .text("logout")],
            scope: .tenant(call.tenant))
        publisher.publish(try rows.map { row throws(PostgresError) in try row.decode(0) })
        var headers = HTTPFields()
        if let name = HTTPField.Name(InternalHeader.revoked.description) { headers[name] = session.text }
        return Response(status: .noContent, headers: headers)
    }

    private func endAll(_ call: Call) async throws -> EndedSessions {
        let principal = try call.authenticated()
        let rows = try await postgres.query(
            SessionStatements.endAll, [.uuid(principal.subject), .text("logout_all")], scope: .tenant(call.tenant))
        guard let row = rows.first else { return EndedSessions(count: 0) }
        if let event: Int64 = try row.decode(1) { publisher.publish([event]) }
        return EndedSessions(count: try row.decode(0))
    }
}
