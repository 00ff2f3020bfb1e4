import Domain
import HTTPTypes
import Kit
import Postgres

/// Numbers on the whole system, or on one tenant.
struct Statistics: ResponseContent {
    let tenants: Int
    let users: Int
    let activeSessions: Int
    let clients: Int

    static let example = Statistics(tenants: 1, users: 42, activeSessions: 7, clients: 1)

    func write(to fields: inout some FieldSink) {
        fields.field("tenants", tenants)
        fields.field("users", users)
        fields.field("active_sessions", activeSessions)
        fields.field("clients", clients)
    }
}

/// Counts what there is: a superuser's counts are over all tenants.
struct StatisticsEndpoint {
    let postgres: PostgresClient

    var endpoint: Operation {
        let postgres = postgres
        return Route(
            .get, "/api/v1/admin/stats", id: "statistics", tag: "admin",
            summary: "Numbers on the tenant; a superuser gets those of the whole system",
            access: .permission(.statsRead)
        ).handle { call in
            let rows =
                call.isSuperuser
                ? try await postgres.query(Self.counts)
                : try await postgres.query(Self.countsOfTenant, scope: .tenant(call.tenant))
            guard let row = rows.first else { throw Problem.unavailable() }
            return Statistics(
                tenants: try row.decode(0), users: try row.decode(1), activeSessions: try row.decode(2),
                clients: try row.decode(3))
        }
    }

    private static let counts = PostgresStatement(
        "statistics_counts", [],
        """
        select (select count(*) from tenants), (select count(*) from users),
            (select count(*) from sessions where revoked_at is null and least(expires_at, idle_expires_at) > now()),
            (select count(*) from clients)
        """)

    private static let countsOfTenant = PostgresStatement(
        "statistics_counts_of_tenant", [],
        """
        select 1::int8, (select count(*) from users where tenant_id = current_tenant()),
            (select count(*) from sessions
                where tenant_id = current_tenant() and revoked_at is null
                    and least(expires_at, idle_expires_at) > now()),
            (select count(*) from clients where tenant_id = current_tenant())
        """)
}
