import Domain
import FoundationEssentials
import Hummingbird
import Kit
import Postgres

/// Makes users for an administrator.
struct UserMaker: Sendable {
    let changes: ChangeRunner
    let passwords: PasswordHashing

    /// Makes a user.
    /// - Throws: `Problem.forbidden` for roles that the caller may not give, 409 for a name that is taken.
    func make(_ call: Call, _ new: NewUser) async throws -> Response {
        let own = try await call.permissions()
        if new.roles != [BuiltinRole.user], !own.contains(.rolesWrite) {
            throw Problem.forbidden("Giving roles needs the permission \(Permission.rolesWrite.rawValue).")
        }
        let hash = try await hash(new, call)
        let (id, roles) = (UUID.v7(), UserRoles(new.roles))
        do {
            return try await changes.create(call, in: call.tenant) { transaction in
                if new.roles != [BuiltinRole.user] { try await transaction.refuseGranting(roles, own) }
                let content = new.content
                let steps = PostgresStep.makeUser(
                    id, content, roles: roles, passwordHash: hash, isInvited: new.isInvited)
                _ = try await transaction.pipeline(steps)
                var detail = AuditDetail()
                detail.note("email", content.email?.text)
                detail.note("username", content.username?.text)
                detail.note("roles", new.roles)
                detail.note("invited", new.isInvited)
                let events = try await transaction.record(
                    [.userChanged(id)], audit: call.audit("user.made", "user", id.text, detail: detail.json))
                return Changed(answer: try await transaction.user(id), events: events)
            }
        } catch let error as PostgresError {
            throw TakenName.field(error).map(TakenName.problem) ?? error
        }
    }

    /// What is stored of the password; nil when there is none.
    private func hash(_ new: NewUser, _ call: Call) async throws -> String? {
        guard let password = new.password else { return nil }
        let request = PasswordToHash(
            password: password, email: new.content.email?.text, username: new.content.username?.text)
        return try await passwords.hash(request, for: call)
    }
}

extension PostgresStep {
    /// Makes a user with roles, and with a password, a mail that leads to one, or neither.
    static func makeUser(
        _ id: UUID, _ content: UserContent, roles: UserRoles, passwordHash: String?, isInvited: Bool
    ) -> [PostgresStep] {
        var steps = [
            PostgresStep(
                UserStatements.insert,
                [
                    .uuid(id), .optional(content.email?.text), .optional(content.username?.text),
                    .optional(content.displayName), .text(content.state), .bool(content.isEmailVerified),
                ]),
            PostgresStep(UserRoleStatements.grant, [.uuid(id), .textArray(roles.tenantRoles)]),
        ]
        if roles.makesSuperuser { steps.append(PostgresStep(UserRoleStatements.mark, [.uuid(id), .bool(true)])) }
        if let passwordHash {
            steps.append(PostgresStep(UserStatements.insertPassword, [.uuid(id), .uuid(.v7()), .text(passwordHash)]))
        }
        if isInvited, let email = content.email { steps.append(.mailReset(to: email.text)) }
        return steps
    }
}
