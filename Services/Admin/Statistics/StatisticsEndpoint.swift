import Domain
import HTTPTypes
import Kit
import Postgres

/// Numbers on the whole system.
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

/// Counts what there is, over all tenants.
struct StatisticsEndpoint {
    let postgres: PostgresClient

    var endpoint: Operation {
        let postgres = postgres
        return Route(
            .get, "/api/v1/admin/stats", id: "statistics", tag: "admin", summary: "Numbers on the whole system",
            access: .role(BuiltinRole.superuser)
        ).handle { _ in
            guard let row = try await postgres.query(Self.counts).first else { throw Problem.unavailable() }
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
}
