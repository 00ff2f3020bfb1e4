import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// Keeps a user from signing in, and lets them in again.
///
/// Unlike the waiting that failed logins lead to, a lock gives way to no device and no reset of the password. The user
/// stays what they are; whoever is to be nobody here any more is disabled instead.
struct UserLockEndpoints {
    let users: UserChanger

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .post, "/api/v1/admin/users/{id}/unlock", id: "unlockUser", tag: "admin",
                summary: "Let a user sign in again: takes off a lock and forgets failed logins",
                access: .permission(.usersWrite)
            )
            .problem(.notFound, "not_found")
            .perform { call in
                try await this.apply(UserStatements.unlock, call, action: "user.unlocked") { _ in [] }
            },
            Route(
                .post, "/api/v1/admin/users/{id}/lock", id: "lockUser", tag: "admin",
                summary: "End a user's sessions and refuse their logins until they are unlocked",
                access: .permission(.usersWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "own_account, last_superuser")
            .perform { call in
                guard try call.id("id") != call.principal?.user else {
                    throw Problem.conflict("own_account", "Nobody locks themselves out")
                }
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
            if statement == UserStatements.block { try await transaction.refuseIfLastSuperuser(user) }
            _ = try await transaction.query(statement, [.text(user.id.text)])
            let after = try await transaction.user(user.id)
            var detail = AuditDetail()
            detail.compare("locked", user.isLocked, after.isLocked)
            let audit = call.audit(action, "user", user.id.text, detail: detail.json)
            return Changed(answer: (), events: try await transaction.record(events(user.id), audit: audit))
        }
    }
}
