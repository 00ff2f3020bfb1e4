import Domain
import FoundationEssentials
import Kit
import Postgres

/// A user that is about to be made.
struct NewUser: Sendable {
    let id: UUID
    let email: EmailAddress?
    let username: Username?
    let displayName: String?
    let passwordHash: String
}

enum RegistrationStatements {
    /// One implicit transaction: user, credential, role, audit row and the mail that asks for proof, all or none. The
    /// last answer is the user as they see themselves.
    static func register(_ user: NewUser, _ call: Call) -> [PostgresStep] {
        var steps = [
            PostgresStep(
                insertUser,
                [
                    .uuid(user.id), .optional(user.email?.text), .optional(user.username?.text),
                    .optional(user.displayName),
                ]),
            PostgresStep(insertPassword, [.uuid(user.id), .uuid(.v7()), .text(user.passwordHash)]),
            PostgresStep(grantRole, [.uuid(user.id), .text(BuiltinRole.user)]),
            call.audit("user.registered", "user", user.id.text, actor: user.id),
        ]
        if let email = user.email { steps.append(Outbox.post(.verifyEmail, to: email.text, of: user.id)) }
        steps.append(PostgresStep(ProfileStatements.user, [.uuid(user.id)]))
        return steps
    }

    static let takenUsername = PostgresStatement(
        "registration_taken_username", [.text],
        "select 1 from users where tenant_id = current_tenant() and username_key = identity_key($1)")

    private static let insertUser = PostgresStatement(
        "registration_user", [.uuid, .text, .text, .text],
        """
        insert into users (tenant_id, id, email, username, display_name) values (current_tenant(), $1, $2, $3, $4)
        """)

    private static let insertPassword = PostgresStatement(
        "registration_password", [.uuid, .uuid, .text],
        """
        insert into credentials (tenant_id, user_id, id, kind, secret)
        values (current_tenant(), $1, $2, 'password', $3)
        """)

    private static let grantRole = PostgresStatement(
        "registration_role", [.uuid, .text],
        """
        insert into user_roles (tenant_id, user_id, role_id)
        select tenant_id, $1, id from roles where tenant_id = current_tenant() and name = $2
        """)
}
