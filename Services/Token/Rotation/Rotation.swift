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

    /// What became of a refresh token that was presented.
    enum Outcome: Sendable {
        /// It was exchanged: the tokens to issue.
        case rotated(Grant)
        /// It is not, or no longer, good; the word says why, for the log only.
        case refused(String)
    }

    /// Rotates `token`, which has passed its MAC and belongs to `tenant`.
    func rotate(_ token: RefreshToken, of tenant: Tenant, client: String, _ logger: Logger) async throws -> Outcome {
        let parameters: [PostgresValue] = [
            .uuid(token.session), .int8(Int64(clamping: token.generation)), .text(client),
            .float8(Double(tenant.settings.sessionIdleLifetime.components.seconds)),
        ]
        let scope = PostgresScope.tenant(tenant.id)
        if let row = try await postgres.query(RotationStatements.rotate, parameters, scope: scope).first {
            let generation: Int64 = try row.decode(0)
            return .rotated(
                Grant(
                    tenant: tenant, session: token.session, user: try row.decode(1), client: client,
                    scope: try row.decode(2), roles: try row.decode(3), generation: UInt64(generation)))
        }
        // Settling decides and acts; describing reads, in the same transaction, what a surviving session's tokens say.
        let answers = try await postgres.pipeline(
            [
                PostgresStep(RotationStatements.settle, parameters),
                PostgresStep(RotationStatements.describe, [.uuid(token.session)]),
            ], scope: scope)
        guard let settled = answers[0].first else { return .refused("unknown") }
        let outcome: String = try settled.decode(0)
        if outcome == "reuse" {
            if let event: Int64 = try settled.decode(2) { publisher.publish([event]) }
            logger.warning(
                "a used refresh token came back; its session was ended",
                metadata: ["session": "\(token.session.text)", "generation": "\(token.generation)"])
        }
        guard outcome == "rotated" || outcome == "successor", let row = answers[1].first else {
            return .refused(outcome)
        }
        let generation: Int64 = try settled.decode(1)
        return .rotated(
            Grant(
                tenant: tenant, session: token.session, user: try row.decode(0), client: client,
                scope: try row.decode(1), roles: try row.decode(2), generation: UInt64(generation)))
    }
}
