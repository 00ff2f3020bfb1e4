import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// Shows an administrator the sessions of a user, and ends them.
struct UserSessionEndpoints {
    let postgres: PostgresClient
    let users: UserChanger

    var endpoints: [Operation] {
        let this = self
        let end = { @Sendable (call: Call) async throws -> RevokedSessions in try await this.endAll(call) }
        return [
            Route(
                .get, "/api/v1/admin/users/{id}/sessions", id: "listUserSessions", tag: "admin",
                summary: "A user's living sessions, the one last seen first", access: .permission(.sessionsRead)
            )
            .problem(.notFound, "not_found")
            .handle { call in try await this.list(call) },
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

    private func endAll(_ call: Call) async throws -> RevokedSessions {
        try await users.change(call) { transaction, user in
            let rows = try await transaction.query(
                UserStatements.endSessions, [.uuid(user.id), .text("revoked_by_admin")])
            let count = try rows.first.map { row throws(PostgresError) in try row.decode(1, as: Int.self) } ?? 0
            let event = try rows.first.flatMap { row throws(PostgresError) in try row.decode(0, as: Int64?.self) }
            var detail = AuditDetail()
            detail.note("sessions", count)
            let audit = call.audit("user.sessions_revoked", "user", user.id.text, detail: detail.json)
            _ = try await transaction.record([], audit: audit)
            return Changed(answer: RevokedSessions(count: count), events: event.map { [$0] } ?? [])
        }
    }
}
