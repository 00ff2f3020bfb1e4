import Domain
import FoundationEssentials
import Kit
import Postgres

/// What is done to a user by a word, one at a time or to many.
enum UserAct: String, CaseIterable, Sendable {
    case lock
    case unlock
    case disable
    case enable
    case delete
    case logout
    case verifyEmail = "verify_email"
    case forcePasswordReset = "force_password_reset"

    /// What whoever does it has to hold.
    var permission: Permission {
        switch self {
        case .lock, .unlock, .disable, .enable, .verifyEmail, .forcePasswordReset: .usersWrite
        case .delete: .usersDelete
        case .logout: .sessionsRevoke
        }
    }
}

/// Does it, each in a transaction of its own: what is done stays done, and doing it again changes nothing.
///
/// Unlike the waiting that failed logins lead to, a lock gives way to no device and no reset of the password. The user
/// stays what they are; whoever is to be nobody here any more is disabled instead.
struct UserActs: Sendable {
    let users: UserChanger

    /// Does something to a user.
    func perform(_ act: UserAct, on target: UserTarget) async throws {
        switch act {
        case .lock: try await lock(target)
        case .unlock: try await unlock(target)
        case .disable: _ = try await change(target, UserChange(state: "disabled"))
        case .enable: _ = try await change(target, UserChange(state: "active"))
        case .delete: try await remove(target)
        case .logout: _ = try await endSessions(target)
        case .verifyEmail: _ = try await change(target, UserChange(isEmailVerified: true))
        case .forcePasswordReset: try await forcePasswordReset(target)
        }
    }

    private func lock(_ target: UserTarget) async throws {
        guard target.id != target.call.principal?.user else {
            throw Problem.conflict("own_account", "Nobody locks themselves out")
        }
        try await users.change(target) { transaction, user in
            try await transaction.refuseIfLastSuperuser(user)
            _ = try await transaction.query(UserStatements.block, [.text(user.id.text)])
            return try await self.record(
                "user.locked", target, user, [.endSessions(of: user.id, because: "locked")], in: transaction)
        }
    }

    private func unlock(_ target: UserTarget) async throws {
        try await users.change(target) { transaction, user in
            _ = try await transaction.query(UserStatements.unlock, [.text(user.id.text)])
            return try await self.record("user.unlocked", target, user, [], in: transaction)
        }
    }

    /// The password that is, lets nobody in any more; a mail brings the way to the next one.
    private func forcePasswordReset(_ target: UserTarget) async throws {
        try await users.change(target) { transaction, user in
            guard let email = user.email else {
                throw Problem.conflict("no_email", "Without an e-mail address there is no way to a new password")
            }
            try await transaction.refuseIfLastSuperuser(user)
            _ = try await transaction.pipeline([
                PostgresStep(UserStatements.forceReset, [.uuid(user.id)]), .mailReset(to: email),
            ])
            let ending = PostgresStep.endSessions(of: user.id, because: "password_reset_forced")
            return try await self.record("user.password_reset_forced", target, user, [ending], in: transaction)
        }
    }

    private func record(
        _ action: String, _ target: UserTarget, _ user: ManagedUser, _ events: [PostgresStep],
        in transaction: PostgresTransaction
    ) async throws -> Changed<Void> {
        var detail = AuditDetail()
        detail.compare("locked", user.isLocked, try await transaction.user(user.id).isLocked)
        let audit = target.call.audit(action, "user", user.id.text, detail: detail.json)
        return Changed(answer: (), events: try await transaction.record(events, audit: audit))
    }

    /// Ends every session of a user; returns how many there were.
    func endSessions(_ target: UserTarget) async throws -> RevokedSessions {
        try await users.change(target) { transaction, user in
            let rows = try await transaction.query(
                UserStatements.endSessions, [.uuid(user.id), .text("revoked_by_admin")])
            let count = try rows.first.map { row throws(PostgresError) in try row.decode(1, as: Int.self) } ?? 0
            let event = try rows.first.flatMap { row throws(PostgresError) in try row.decode(0, as: Int64?.self) }
            var detail = AuditDetail()
            detail.note("sessions", count)
            let audit = target.call.audit("user.sessions_revoked", "user", user.id.text, detail: detail.json)
            _ = try await transaction.record([], audit: audit)
            return Changed(answer: RevokedSessions(count: count), events: event.map { [$0] } ?? [])
        }
    }

    /// Removes a user.
    func remove(_ target: UserTarget) async throws {
        do {
            try await users.change(target) { transaction, user in
                var detail = AuditDetail()
                detail.note("email", user.email)
                detail.note("username", user.username)
                detail.note("roles", user.roles)
                let events = try await transaction.record(
                    [
                        .endSessions(of: user.id, because: "user_deleted"),
                        .raiseEpoch(of: user.id, because: "user_deleted"), .userChanged(user.id),
                    ], audit: target.call.audit("user.deleted", "user", user.id.text, detail: detail.json))
                _ = try await transaction.pipeline([
                    PostgresStep(UserStatements.unlock, [.text(user.id.text)]),
                    PostgresStep(UserStatements.remove, [.uuid(user.id)]),
                ])
                return Changed(answer: (), events: events)
            }
        } catch let PostgresError.server(error) {
            switch error.sqlState {
            case "GH003": throw Problem.lastSuperuser
            case "GH004": throw Problem.lastOwner
            default: throw PostgresError.server(error)
            }
        }
    }

    /// Changes what is given of a user.
    func change(_ target: UserTarget, _ change: UserChange) async throws -> ManagedUser {
        do {
            return try await users.change(target) { transaction, user in
                let wanted = try change.applied(to: user)
                guard !user.changes(to: wanted).isEmpty else { return Changed(answer: user, events: []) }
                let isDisabling = user.state == "active" && wanted.state == "disabled"
                if isDisabling { try await transaction.refuseIfLastSuperuser(user) }
                _ = try await transaction.query(
                    UserStatements.update,
                    [
                        .uuid(user.id), .optional(wanted.email), .optional(wanted.username),
                        .optional(wanted.displayName), .optional(change.isEmailVerified), .text(wanted.state),
                    ])
                var telling = [PostgresStep.userChanged(user.id)]
                if isDisabling {
                    telling.append(.endSessions(of: user.id, because: "user_disabled"))
                    telling.append(.raiseEpoch(of: user.id, because: "user_disabled"))
                }
                let after = try await transaction.user(user.id)
                let action =
                    isDisabling ? "user.disabled" : user.state == wanted.state ? "user.changed" : "user.enabled"
                let audit = target.call.audit(action, "user", user.id.text, detail: user.changes(to: after).json)
                return Changed(answer: after, events: try await transaction.record(telling, audit: audit))
            }
        } catch let error as PostgresError {
            throw TakenName.field(error).map(TakenName.problem) ?? error
        }
    }
}

extension PostgresStep {
    /// Puts the mail that leads to a new password on its way, unless the address has had three within the hour.
    static func mailReset(to address: String) -> PostgresStep {
        PostgresStep(UserStatements.mailReset, [.uuid(.v7()), .text(address)])
    }
}
