import Domain
import Events
import FoundationEssentials
import Kit
import Logging
import Postgres
import Tokens

/// Exchanges a refresh token for its successor.
struct Rotation: Sendable {
    let postgres: PostgresClient
    let publisher: EventPublisher

    /// What is asked for.
    struct Request: Sendable {
        /// The token, which has passed its MAC and belongs to `tenant`.
        let token: RefreshToken
        let tenant: Tenant
        /// The client that presents it.
        let client: String
        let lifetimes: TokenLifetimes
        /// The scope the new access token is to have; nil means all that was granted.
        var scope: [String]?
        var audience: String?
        /// The organization the session's access tokens are to speak of from now on.
        var organization = OrganizationChoice.unchanged
    }

    /// What became of a refresh token that was presented.
    enum Outcome: Sendable {
        /// It was exchanged: the tokens to issue.
        case rotated(Grant)
        /// More was asked than was granted; the token is as good as before.
        case scopeTooWide
        /// The user does not belong to the organization that was asked for; the token is as good as before.
        case foreignOrganization
        /// It is not, or no longer, good; the word says why, for the log only.
        case refused(String)
    }

    /// Rotates a token. The logger is made where there is something to log.
    func rotate(_ request: Request, _ logger: @autoclosure () -> Logger) async throws -> Outcome {
        let token = request.token
        let scope = PostgresScope.tenant(request.tenant.id)
        let choice = request.organization
        if choice.organization == nil,
            let row = try await postgres.query(RotationStatements.rotate, fastParameters(request), scope: scope).first
        {
            return .rotated(try Grant(row, of: request, hasOrganization: false))
        }
        let parameters: [PostgresValue] = [
            .uuid(token.session), .int8(Int64(clamping: token.generation)), .text(request.client),
            .float8(Double(request.lifetimes.sessionIdle.components.seconds)),
            .optional(request.scope, PostgresValue.textArray),
        ]
        let chosen = PostgresValue.optional(choice.organization)
        if let row = try await postgres.query(
            RotationStatements.rotateInOrganization, parameters + [chosen, .bool(choice == .without)], scope: scope
        ).first {
            return .rotated(try Grant(row, of: request, hasOrganization: true))
        }
        // Settling decides and acts; describing reads, in the same transaction, what a surviving session's tokens say.
        let answers = try await postgres.pipeline(
            [
                PostgresStep(RotationStatements.settle, parameters + [.bool(choice != .unchanged), chosen]),
                PostgresStep(RotationStatements.describe, [.uuid(token.session)]),
            ], scope: scope)
        guard let settled = answers[0].first else { return .refused("unknown") }
        let outcome: String = try settled.decode(0)
        if outcome == "reuse" {
            if let event: Int64 = try settled.decode(2) {
                publisher.publish(ended: token.session, of: request.tenant.id, event: event)
            }
            logger().warning(
                "a used refresh token came back; its session was ended",
                metadata: ["session": "\(token.session.text)", "generation": "\(token.generation)"])
        }
        if outcome == "wrong_scope" { return .scopeTooWide }
        if outcome == "wrong_organization" { return .foreignOrganization }
        guard outcome == "rotated" || outcome == "successor", let row = answers[1].first else {
            logger().info(
                "refresh refused", metadata: ["reason": "\(outcome)", "session": "\(token.session.text)"])
            return .refused(outcome)
        }
        return .rotated(try Grant(row, of: request, hasOrganization: true))
    }

    /// Those of the fast path, each of a type that there are arrays of: whole seconds, and scopes as the session has them.
    private func fastParameters(_ request: Request) -> [PostgresValue] {
        [
            .uuid(request.token.session), .int8(Int64(clamping: request.token.generation)), .text(request.client),
            .int8(request.lifetimes.sessionIdle.components.seconds),
            .optional(request.scope?.joined(separator: " ")),
        ]
    }
}

extension Grant {
    /// Reads a row of `RotationStatements.rotate`, or of one of the others, which tell of an organization too.
    fileprivate init(
        _ row: PostgresRow, of request: Rotation.Request, hasOrganization: Bool
    ) throws(PostgresError) {
        let generation: Int64 = try row.decode(0)
        let granted: String = try row.decode(1)
        self.init(
            tenant: request.tenant, client: request.client, lifetime: request.lifetimes.accessToken,
            scope: request.scope?.joined(separator: " ") ?? granted, audience: request.audience,
            person: Person(
                user: try row.decode(2), session: request.token.session, generation: UInt64(generation),
                roles: HeldRoles(claims: try row.decode(3)), epoch: try row.decode(4), methods: try row.decode(5),
                authenticatedAt: try row.decode(6), expiresAt: try row.decode(7),
                organization: hasOrganization ? try OrganizationGrant(row.decode(8), row.decode(9)) : nil))
    }
}
