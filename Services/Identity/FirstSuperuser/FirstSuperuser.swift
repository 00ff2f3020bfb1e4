import Directory
import Domain
import FoundationEssentials
import Kit
import Logging
import Postgres

/// Makes the first superuser once, from the settings, when the default tenant has none.
struct FirstSuperuser {
    let email: String?
    let password: Secret?
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let intake: PasswordIntake
    let logger: Logger

    /// Several instances starting together make one: the insert takes a lock and looks again.
    /// - Throws: `ConfigurationProblems` for what is no e-mail address, and for a password that the default tenant would
    ///   take of nobody.
    func ensure() async throws {
        guard let email, let password else { return }
        guard let address = EmailAddress(email) else {
            throw ConfigurationProblems([
                ConfigurationProblem(IdentitySettings.superuserEmail.name, "is not an e-mail address")
            ])
        }
        let scope = PostgresScope.tenant(DefaultTenant.id)
        guard try await postgres.query(Self.exists, scope: scope).isEmpty else { return }
        guard let tenant = tenants.tenant(DefaultTenant.id) else { return }
        let hash: String
        do {
            hash = try await intake.take(
                password.reveal(), field: "password", for: .init(email: address.text), of: tenant)
        } catch let problem as Problem where !problem.errors.isEmpty {
            throw ConfigurationProblems([
                ConfigurationProblem(
                    IdentitySettings.superuserPassword.name, problem.errors.map(\.detail).joined(separator: "; "))
            ])
        }
        let answers = try await postgres.pipeline(
            [
                PostgresStep(Self.lock, []),
                PostgresStep(
                    Self.insert, [.uuid(.v7()), .text(address.text), .uuid(.v7()), .text(hash), .uuid(.v7())]),
            ], scope: scope)
        if answers.last?.isEmpty == false {
            logger.notice("made the first superuser", metadata: ["email": "\(address.text)"])
        }
    }

    private static let exists = PostgresStatement(
        "superuser_exists", [],
        "select 1 from users where tenant_id = current_tenant() and is_superuser limit 1")

    private static let lock = PostgresStatement(
        "superuser_lock", [], "select 1 from pg_advisory_xact_lock(hashtext('gatehouse.first_superuser'))")

    private static let insert = PostgresStatement(
        "superuser_insert", [.uuid, .text, .uuid, .text, .uuid],
        """
        with made as (
            insert into users (tenant_id, id, email, email_verified_at, is_superuser)
            select current_tenant(), $1, $2, now(), true
            where not exists (select from users where tenant_id = current_tenant() and is_superuser)
            on conflict do nothing
            returning tenant_id, id
        ), secret as (
            insert into credentials (tenant_id, user_id, id, kind, secret)
            select tenant_id, id, $3, 'password', $4 from made
        ), role as (
            insert into user_roles (tenant_id, user_id, role_id)
            select made.tenant_id, made.id, roles.id
            from made join roles on roles.tenant_id = made.tenant_id and roles.name in ('USER', 'ADMIN')
        ), audit as (
            insert into audit_log (tenant_id, id, actor_kind, action, target_kind, target_id)
            select tenant_id, $5, 'system', 'user.first_superuser', 'user', id::text from made
        )
        select id from made
        """)
}
