import Domain
import FoundationEssentials
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
    /// One implicit transaction: user, credential, role, event and audit row, all or none.
    static func register(_ user: NewUser, address: String?, requestID: String) -> [PostgresStep] {
        [
            PostgresStep(
                insertUser,
                [
                    .uuid(user.id), .optional(user.email?.text), .optional(user.username?.text),
                    .optional(user.displayName),
                ]),
            PostgresStep(insertPassword, [.uuid(user.id), .uuid(.v7()), .text(user.passwordHash)]),
            PostgresStep(grantRole, [.uuid(user.id), .text(BuiltinRole.user)]),
            PostgresStep(audit, [.uuid(.v7()), .uuid(user.id), .optional(address), .text(requestID)]),
            PostgresStep(readUser, [.uuid(user.id)]),
        ]
    }

    static let readUser = ProfileStatements.user

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

    private static let audit = PostgresStatement(
        "registration_audit", [.uuid, .uuid, .text, .text],
        """
        insert into audit_log (tenant_id, id, actor_kind, actor_id, action, target_kind, target_id, ip, request_id)
        values (current_tenant(), $1, 'user', $2, 'user.registered', 'user', $2::text, $3::inet, $4)
        """)

    /// The two ways a name can be taken, told apart by the constraint that refused it.
    static func takenField(_ error: PostgresServerError) -> String? {
        guard error.kind == .uniqueViolation else { return nil }
        switch error.constraint {
        case "users_tenant_id_email_key_key": return "email"
        case "users_tenant_id_username_key_key": return "username"
        default: return nil
        }
    }
}
