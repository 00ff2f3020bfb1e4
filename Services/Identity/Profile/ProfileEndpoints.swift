import HTTPTypes
import Kit
import Postgres

/// What a signed-in person sees of themselves.
struct ProfileEndpoints {
    let postgres: PostgresClient

    var endpoints: [Operation] {
        let postgres = postgres
        let read: @Sendable (Call) async throws -> UserView = { call in
            let subject = try call.authenticated().subject
            let rows = try await postgres.query(
                ProfileStatements.user, [.uuid(subject)], scope: .tenant(call.tenant))
            // Deleted or disabled since the token was issued, and the event is on its way to the gateway.
            guard let row = rows.first else { throw Problem.invalidToken }
            return try UserView(row)
        }
        return [
            Route(
                .get, "/api/v1/auth/me", id: "me", tag: "auth", summary: "Who the access token speaks of",
                access: .bearer
            ).handle(read),
            Route(
                .get, "/api/v1/users/me", id: "readOwnUser", tag: "self", summary: "Your own user", access: .bearer
            ).handle(read),
        ]
    }
}
