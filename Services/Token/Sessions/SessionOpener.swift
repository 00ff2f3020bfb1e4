import HTTPTypes
import Directory
import Domain
import Events
import FoundationEssentials
import Kit
import Postgres
import Tokens

/// Opens a session for identity, which has checked who it is, and records the login with it where identity says what of it:
/// one transaction, so that no session is there that the history does not know.
struct SessionOpener: Sendable {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let clients: ClientDirectory
    let publisher: EventPublisher
    let issuer: TokenIssuer

    var endpoint: Operation {
        let this = self
        return Route(
            .post, OpenSession.path, id: "openSession", tag: "internal", summary: "Open a session", access: .processes
        )
        .handle(OpenSession.self) { call, input in try await this.open(call, input) }
    }

    private func open(_ call: Call, _ input: OpenSession) async throws -> OpenedSession {
        guard let tenant = tenants.tenant(call.tenant), tenant.isActive else { throw Problem.forbidden }
        // Nothing is opened that no token could be issued for.
        let issuer = try await issuer.ready(for: tenant)
        let client = try await clients.client(input.client, of: tenant.id)
        let lifetimes = TokenLifetimes(tenant.settings, client)
        let session = UUID.v7()
        let device = UserAgent(call.userAgent ?? "")
        let rows = try await postgres.query(
            SessionStatements.open,
            [
                .uuid(session), .uuid(input.user), .text(input.client), .textArray(input.methods),
                .optional(input.deviceName), .optional(call.userAgent), .optional(device.browser),
                .optional(device.system), .optional(call.address),
                .float8(Double(lifetimes.sessionIdle.components.seconds)),
                .float8(Double(lifetimes.session.components.seconds)), .text(input.scope),
                .optional(input.passwordVersion), .int4(Int32(clamping: tenant.settings.maximumSessions)),
                .optional(input.login == nil ? nil : UUID.v7()), .text(call.requestID),
                .optional(input.login?.knownDevice), .optional(input.login?.newDevice),
            ], scope: .tenant(call.tenant))
        guard let row = rows.first, let expiresAt: Date = try row.decode(0) else { throw Problem.forbidden }
        if let event: Int64 = try row.decode(4) { publisher.publish([event]) }
        let tokens = try issuer.tokens(
            for: Grant(
                tenant: tenant, client: input.client, lifetime: lifetimes.accessToken, scope: input.scope,
                audience: nil,
                person: Grant.Person(
                    user: input.user, session: session, generation: 0,
                    roles: HeldRoles(claims: try row.decode(1)), epoch: try row.decode(2), methods: input.methods,
                    authenticatedAt: try row.decode(3), expiresAt: expiresAt)))
        return OpenedSession(tokens: tokens, isRecorded: input.login != nil)
    }
}
