import Domain
import HTTPTypes
import Kit
import Postgres

/// Lists the users of the tenant, and shows one of them.
struct UserListEndpoint {
    let postgres: PostgresClient

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .get, "/api/v1/admin/users", id: "listUsers", tag: "admin",
                summary: "The tenant's users, the newest first: all, of a state or role, those whose e-mail address or "
                    + "username begins with `search`, or whose names have `contains` in them",
                access: .permission(.usersRead)
            )
            .problem(.badRequest, "invalid_cursor")
            .handle(query: UserListQuery.self) { call, query in try await this.list(call, query) },
            Route(
                .get, "/api/v1/admin/users/{id}", id: "readUser", tag: "admin", summary: "One user",
                access: .permission(.usersRead)
            )
            .problem(.notFound, "not_found")
            .conditional()
            .handle { call in
                let rows = try await this.postgres.query(
                    UserStatements.user, [.uuid(call.id("id"))], scope: .tenant(call.tenant))
                guard let row = rows.first else { throw Problem.notFound }
                return try ManagedUser(row)
            },
        ]
    }

    private func list(_ call: Call, _ query: UserListQuery) async throws -> ManagedUserList {
        let list = query.list(of: call.tenant)
        let cursor = try query.page.cursor.map { text throws(Problem) in try ListCursor(text, list: list) }
        var places = try await places(call, query.statement(after: cursor))
        // What is common fills a page from the newest users; what is rare is gathered by its index.
        if places.count <= query.page.limit, let search = query.search(after: cursor) {
            places = try await self.places(call, search)
        }
        let next = places.count > query.page.limit ? places[query.page.limit - 1] : nil
        let ids = places.prefix(query.page.limit).map(\.id)
        let rows = try await postgres.query(UserStatements.users, [.uuidArray(ids)], scope: .tenant(call.tenant))
        let users = try rows.map { row throws(PostgresError) in try ManagedUser(row) }
        let order = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
        return ManagedUserList(
            users: users.sorted { order[$0.id, default: 0] < order[$1.id, default: 0] }, nextCursor: next?.text(list))
    }

    /// Where the users of a page are in the list, and the first of the next page.
    private func places(_ call: Call, _ step: PostgresStep) async throws -> [ListCursor] {
        let rows = try await postgres.pipeline([step], scope: .tenant(call.tenant))[0]
        return try rows.map { row throws(PostgresError) in
            ListCursor(after: try row.decode(0), key: row.columnCount > 1 ? try row.decode(1) : nil)
        }
    }
}
