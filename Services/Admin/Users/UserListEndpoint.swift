import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// The query of a list of users.
struct UserListQuery: RequestContent {
    let search: String?
    let state: String?
    let page: ListQuery

    init(from fields: inout FieldReader) {
        search = fields.optional("search", .line(1...254))
        state = fields.optional("state", .word(["active", "disabled"]))
        page = ListQuery(from: &fields)
    }
}

/// Lists the users of the tenant, and shows one of them.
struct UserListEndpoint {
    let postgres: PostgresClient

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .get, "/api/v1/admin/users", id: "listUsers", tag: "admin",
                summary:
                    "The tenant's users, the newest first; `search` is what an e-mail address or username begins with",
                access: .permission(.usersRead)
            )
            .problem(.badRequest, "invalid_cursor")
            .handle(query: UserListQuery.self) { call, query in try await this.list(call, query) },
            Route(
                .get, "/api/v1/admin/users/{id}", id: "readUser", tag: "admin", summary: "One user",
                access: .permission(.usersRead)
            )
            .problem(.notFound, "not_found")
            .handle { call in
                let rows = try await this.postgres.query(
                    UserStatements.user, [.uuid(call.id("id"))], scope: .tenant(call.tenant))
                guard let row = rows.first else { throw Problem.notFound }
                return try ManagedUser(row)
            },
        ]
    }

    private func list(_ call: Call, _ query: UserListQuery) async throws -> ManagedUserList {
        let list = ["users", call.tenant.text, query.search ?? "", query.state ?? ""]
        let cursor = try query.page.cursor.map { text throws(Problem) in try ListCursor(text, list: list) }
        let filter: [PostgresValue] = [
            .optional(query.state), .optional(cursor?.id), .int4(Int32(query.page.limit + 1)),
        ]
        let rows =
            if let search = query.search {
                try await postgres.query(
                    UserStatements.search, filter + [.text(search)], scope: .tenant(call.tenant))
            } else {
                try await postgres.query(UserStatements.list, filter, scope: .tenant(call.tenant))
            }
        let users = try rows.map { row throws(PostgresError) in try ManagedUser(row) }
        return ManagedUserList(page: ListPage(users, limit: query.page.limit, list: list) { $0.id })
    }
}
