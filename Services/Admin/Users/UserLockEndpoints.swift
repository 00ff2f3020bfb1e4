import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// Keeps a user from signing in with their password, and lets them in again.
///
/// A lock is the hard stop that too many failures lead to, for every device: it gives way to a reset of the password.
/// Whoever is to stay out whatever they prove is disabled instead.
struct UserLockEndpoints {
    let users: UserChanger

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .post, "/api/v1/admin/users/{id}/unlock", id: "unlockUser", tag: "admin",
                summary: "Forget the failed logins of a user", access: .userAdministrators
            )
            .problem(.notFound, "not_found")
            .perform { call in
                try await this.apply(UserStatements.unlock, call, action: "user.unlocked") { _ in [] }
            },
            Route(
                .post, "/api/v1/admin/users/{id}/lock", id: "lockUser", tag: "admin",
                summary: "End a user's sessions and refuse their password until they are unlocked or reset it",
                access: .userAdministrators
            )
            .problem(.notFound, "not_found")
            .perform { call in
                try await this.apply(UserStatements.block, call, action: "user.locked") { user in
                    [.endSessions(of: user, because: "locked")]
                }
            },
        ]
    }

    private func apply(
        _ statement: PostgresStatement, _ call: Call, action: String, events: @Sendable (UUID) -> [PostgresStep]
    ) async throws {
        try await users.change(call) { transaction, user in
            _ = try await transaction.query(statement, [.text(user.id.text)])
            let after = try await transaction.user(user.id)
            var detail = AuditDetail()
            detail.compare("locked", user.isLocked, after.isLocked)
            let audit = call.audit(action, "user", user.id.text, detail: detail.json)
            return Changed(answer: (), events: try await transaction.record(events(user.id), audit: audit))
        }
    }
}
