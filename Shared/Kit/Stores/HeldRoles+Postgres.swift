public import Domain
import FoundationEssentials
public import Postgres

extension HeldRoles {
    /// Reads the roles of a user.
    static func lookUp(in postgres: PostgresClient) -> Call.RoleLookup {
        { user, tenant in
            let rows = try await postgres.query(claims, [.uuid(user)], scope: .tenant(tenant))
            return HeldRoles(claims: try rows.first?.decode(0) ?? [])
        }
    }

    /// What the roles of a user say, in one row; nothing when the user may not do anything any more.
    public static let claims = PostgresStatement(
        "held_roles", [.uuid],
        """
        select role_claims(id) from users where tenant_id = current_tenant() and id = $1 and state = 'active'
        """)
}
