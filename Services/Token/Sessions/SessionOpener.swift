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
        let session = UUID.v7()
        let device = UserAgent(call.userAgent ?? "")
        let open = PostgresStep(
            SessionStatements.open,
            [
                .uuid(session), .uuid(input.user), .text(input.client), .textArray(input.methods),
                .optional(input.deviceName), .optional(call.userAgent), .optional(device.browser),
                .optional(device.system), .optional(call.address),
                .float8(Double(tenant.settings.sessionIdleLifetime.components.seconds)),
                .float8(Double(tenant.settings.sessionLifetime.components.seconds)), .text(input.scope),
            ])
        var steps = [open]
        // With a limit, logins of one user go one after another, so that each sees the sessions of those before it.
        let limit = tenant.settings.maximumSessions
        if limit > 0 {
            steps.insert(PostgresStep(SessionStatements.lockUser, [.uuid(input.user)]), at: 0)
            steps.append(PostgresStep(SessionStatements.trim, [.uuid(input.user), .int4(Int32(clamping: limit))]))
        }
        let answers = try await postgres.pipeline(steps, scope: .tenant(call.tenant))
        if limit > 0, let event: Int64 = try answers.last?.first?.decode(0) ?? nil { publisher.publish([event]) }
        guard let row = answers[limit > 0 ? 1 : 0].first else { throw Problem.forbidden }
        return try await issuer.tokens(
            for: Grant(
                tenant: tenant, client: input.client, scope: input.scope, audience: nil,
                person: Grant.Person(
                    user: try row.decode(0), session: session, generation: 0, roles: try row.decode(1),
                    epoch: try row.decode(2), methods: try row.decode(3), authenticatedAt: try row.decode(4),
                    expiresAt: try row.decode(5))))
    }
}
