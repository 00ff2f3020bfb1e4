import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// Shows an administrator the sessions of a user, and ends them.
struct UserSessionEndpoints {
    let postgres: PostgresClient
    let acts: UserActs

    var endpoints: [Operation] {
        let this = self
        let end = { @Sendable (call: Call) async throws -> RevokedSessions in
            try await this.acts.endSessions(UserTarget(call))
        }
        return [
            Route(
                .get, "/api/v1/admin/users/{id}/sessions", id: "listUserSessions", tag: "admin",
                summary: "A user's living sessions, the one last seen first", access: .permission(.sessionsRead)
            )
            .problem(.notFound, "not_found")
            .handle { call in try await this.list(call) },
            Route(
                .get, "/api/v1/admin/users/{id}/logins", id: "listUserLogins", tag: "admin",
                summary: "Logins to a user's account and tries at one, the latest first",
                access: .permission(.sessionsRead)
            )
            .problem(.notFound, "not_found")
            .handle(query: ActivityQuery.self) { call, query in
                let id = try call.id("id")
                let answers = try await this.postgres.pipeline(
                    [PostgresStep(UserStatements.user, [.uuid(id)]), query.page(of: id)], scope: .tenant(call.tenant))
                guard answers[0].first != nil else { throw Problem.notFound }
                return try ActivityPage(answers[1], query)
            },
            Route(
                .delete, "/api/v1/admin/users/{id}/logout-all", id: "endUserSessions", tag: "admin",
                summary: "End every session of a user", access: .permission(.sessionsRevoke)
            )
            .problem(.notFound, "not_found")
            .handle(end),
            Route(
                .post, "/api/v1/admin/users/{id}/logout-all", id: "logoutUser", tag: "admin",
                summary: "End every session of a user", access: .permission(.sessionsRevoke)
            )
            .problem(.notFound, "not_found")
            .handle(end),
        ]
    }

    private func list(_ call: Call) async throws -> UserSessionList {
        let id = PostgresValue.uuid(try call.id("id"))
        let answers = try await postgres.pipeline(
            [PostgresStep(UserStatements.user, [id]), PostgresStep(UserSession.ofUser, [id])],
            scope: .tenant(call.tenant))
        guard answers.first?.isEmpty == false, let rows = answers.last else { throw Problem.notFound }
        return UserSessionList(sessions: try rows.map { row throws(PostgresError) in try UserSession(row) })
    }
}
