import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Postgres

/// What a person does with their own sessions: see them, end this one, another, the others, all.
struct SessionEndpoints {
    let postgres: PostgresClient
    let publisher: EventPublisher
    /// Told at once of what ends here, so that this process need not wait for the event.
    let revocations: RevocationSet

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .post, "/api/v1/auth/logout", id: "logout", tag: "auth",
                summary: "End the session of this access token", access: .bearer
            )
            .raw(status: .noContent, mediaType: nil) { call in
                let person = try call.person()
                return try await this.end(person.session, of: person, because: "logout", call)
            },
            Route(
                .post, "/api/v1/auth/logout-all", id: "logoutAll", tag: "auth",
                summary: "End every session of this access token's user", access: .bearer
            )
            .handle { call in try await this.endAll(but: nil, because: "logout_all", call) },
            Route(
                .get, "/api/v1/users/me/sessions", id: "listOwnSessions", tag: "self",
                summary: "Your living sessions, the one last seen first", access: .bearer
            )
            .handle { call in try await this.list(call) },
            Route(
                .delete, "/api/v1/users/me/sessions", id: "endOtherSessions", tag: "self",
                summary: "End every session of yours but this one", access: .bearer
            )
            .handle { call in try await this.endAll(but: call.person().session, because: "revoked_by_user", call) },
            Route(
                .delete, "/api/v1/users/me/sessions/{id}", id: "endOwnSession", tag: "self",
                summary: "End one of your sessions", access: .bearer
            )
            .problem(.notFound, "not_found")
            .raw(status: .noContent, mediaType: nil) { call in
                try await this.end(call.id("id"), of: call.person(), because: "revoked_by_user", call)
            },
        ]
    }

    private func list(_ call: Call) async throws -> SessionList {
        let person = try call.person()
        let rows = try await postgres.query(
            UserSession.ofUser, [.uuid(person.user)], scope: .tenant(call.tenant))
        return SessionList(
            sessions: try rows.map { row throws(PostgresError) in
                let session = try UserSession(row)
                return SessionView(session: session, isCurrent: session.id == person.session)
            })
    }

    private func end(
        _ session: UUID, of person: Call.Person, because reason: String, _ call: Call
    ) async throws -> Response {
        let rows = try await postgres.query(
            SessionStatements.end,
            [
                .uuid(session), .uuid(person.user), .text(reason), .uuid(.v7()), .optional(call.address),
                .text(call.requestID),
            ], scope: .tenant(call.tenant))
        // One's own session ended already is what was wanted; another id is told like one that never was.
        guard !rows.isEmpty || session == person.session else { throw Problem.notFound }
        if let row = rows.first { publisher.publish(ended: session, of: call.tenant, event: try row.decode(0)) }
        revocations.insert([session])
        var headers = HTTPFields()
        headers.tellGateway(InternalHeader.revoked, session.text)
        return Response(status: .noContent, headers: headers)
    }

    private func endAll(but kept: UUID?, because reason: String, _ call: Call) async throws -> EndedSessions {
        let user = try call.person().user
        let answers = try await postgres.pipeline(
            [
                PostgresStep(SessionStatements.endAll, [.uuid(user), .optional(kept), .text(reason)]),
                call.audit("sessions.ended", "user", user.text, detail: #"{"reason":"\#(reason)"}"#),
            ], scope: .tenant(call.tenant))
        guard let row = answers[0].first else { return EndedSessions(count: 0) }
        if let event: Int64 = try row.decode(1) { publisher.publish([event]) }
        return EndedSessions(count: try row.decode(0))
    }
}
