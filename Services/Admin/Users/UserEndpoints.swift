import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// What an administrator changes of a user.
struct UserChange: RequestContent {
    let email: FieldChange<EmailAddress?>
    let username: FieldChange<Username?>
    let displayName: FieldChange<String>
    let isEmailVerified: Bool?
    let state: String?

    init(from fields: inout FieldReader) {
        email = fields.change("email", .email)
        username = fields.change("username", .username)
        displayName = fields.change("display_name", .line(1...100))
        isEmailVerified = fields.optional("email_verified", .flag)
        state = fields.optional("state", .word(["active", "disabled"]))
    }

    /// The user as they are to be. Whether an unnamed proof of the address still holds is for the database to say.
    /// - Throws: `Problem.validation` for one without a name to sign in with, or proof of no address.
    func applied(to user: ManagedUser) throws(Problem) -> ManagedUser {
        var wanted = user
        wanted.email = email.applied(to: user.email) { $0?.text }
        wanted.username = username.applied(to: user.username) { $0?.text }
        wanted.displayName = displayName.applied(to: user.displayName) { $0 }
        wanted.isEmailVerified = isEmailVerified ?? user.isEmailVerified
        wanted.state = state ?? user.state
        guard wanted.email != nil || wanted.username != nil else {
            let detail = "an e-mail address or a username has to stay"
            throw .validation([.init(field: email.isGiven ? "email" : "username", code: "required", detail: detail)])
        }
        guard wanted.email != nil || isEmailVerified != true else {
            throw .validation([.init(field: "email_verified", code: "no_email", detail: "there is no e-mail address")])
        }
        return wanted
    }
}

extension FieldChange {
    /// The field's text after the change.
    func applied(to present: String?, _ text: (Value) -> String?) -> String? {
        switch self {
        case .none: present
        case .cleared: nil
        case .set(let value): text(value)
        }
    }
}

/// Changes and removes users.
struct UserEndpoints {
    let users: UserChanger

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .patch, "/api/v1/admin/users/{id}", id: "changeUser", tag: "admin",
                summary: "Change a user; disabling one ends their sessions and tokens", access: .permission(.usersWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "email_taken, username_taken, last_superuser")
            .handle(UserChange.self) { call, change in try await this.change(call, change) },
            Route(
                .delete, "/api/v1/admin/users/{id}", id: "removeUser", tag: "admin", summary: "Remove a user",
                access: .permission(.usersDelete)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "last_superuser, last_owner")
            .perform { call in try await this.remove(call) },
        ]
    }

    private func change(_ call: Call, _ change: UserChange) async throws -> ManagedUser {
        do {
            return try await users.change(call) { transaction, user in
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
                let audit = call.audit(action, "user", user.id.text, detail: user.changes(to: after).json)
                return Changed(answer: after, events: try await transaction.record(telling, audit: audit))
            }
        } catch let error as PostgresError {
            throw TakenName.field(error).map(TakenName.problem) ?? error
        }
    }

    private func remove(_ call: Call) async throws {
        do {
            try await users.change(call) { transaction, user in
                var detail = AuditDetail()
                detail.note("email", user.email)
                detail.note("username", user.username)
                detail.note("roles", user.roles)
                let events = try await transaction.record(
                    [
                        .endSessions(of: user.id, because: "user_deleted"),
                        .raiseEpoch(of: user.id, because: "user_deleted"), .userChanged(user.id),
                    ], audit: call.audit("user.deleted", "user", user.id.text, detail: detail.json))
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
}
