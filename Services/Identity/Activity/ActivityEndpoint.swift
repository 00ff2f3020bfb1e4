import HTTPTypes
import Kit
import Postgres

/// The logins to one's own account.
struct ActivityEndpoint {
    let postgres: PostgresClient

    var endpoint: Operation {
        let postgres = postgres
        return Route(
            .get, "/api/v1/users/me/activity", id: "listOwnActivity", tag: "self",
            summary: "Logins to your account and tries at one, the latest first", access: .bearer
        )
        .handle(query: ActivityQuery.self) { call, query in
            let rows = try await postgres.pipeline([query.page(of: call.person().user)], scope: .tenant(call.tenant))
            return try ActivityPage(rows[0], query)
        }
    }
}
