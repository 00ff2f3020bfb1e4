import HTTPTypes
import Directory
import Domain
import Events
import FoundationEssentials
import Kit
import Postgres
import Tokens

/// Opens a session for identity, which has checked who it is.
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

    private func open(_ call: Call, _ input: OpenSession) async throws -> TokenAnswer {
        guard let tenant = tenants.tenant(call.tenant), tenant.isActive else { throw Problem.forbidden }
        // Nothing is opened that no token could be issued for.
        let issuer = try await issuer.ready(for: tenant)
        let client = try await clients.client(input.client, of: tenant.id)
        let lifetimes = TokenLifetimes(tenant.settings, client)
        let session = UUID.v7()
        let device = UserAgent(call.userAgent ?? "")
        var steps = [
            PostgresStep(SessionStatements.lockUser, [.uuid(input.user)]),
            PostgresStep(
                SessionStatements.open,
                [
                    .uuid(session), .uuid(input.user), .text(input.client), .textArray(input.methods),
                    .optional(input.deviceName), .optional(call.userAgent), .optional(device.browser),
                    .optional(device.system), .optional(call.address),
                    .float8(Double(lifetimes.sessionIdle.components.seconds)),
                    .float8(Double(lifetimes.session.components.seconds)), .text(input.scope),
                    .optional(input.passwordVersion),
                ]),
        ]
        let limit = tenant.settings.maximumSessions
        if limit > 0 {
            steps.append(
                PostgresStep(
                    SessionStatements.trim, [.uuid(input.user), .int4(Int32(clamping: limit)), .uuid(session)]))
        }
        let answers = try await postgres.pipeline(steps, scope: .tenant(call.tenant))
        if limit > 0, let event: Int64 = try answers[2].first?.decode(0) ?? nil { publisher.publish([event]) }
        guard let row = answers[1].first else { throw Problem.forbidden }
        return try issuer.tokens(
            for: Grant(
                tenant: tenant, client: input.client, lifetime: lifetimes.accessToken, scope: input.scope,
                audience: nil,
                person: Grant.Person(
                    user: try row.decode(0), session: session, generation: 0,
                    roles: HeldRoles(claims: try row.decode(1)), epoch: try row.decode(2), methods: try row.decode(3),
                    authenticatedAt: try row.decode(4),
                    expiresAt: try row.decode(5))))
    }
}
