import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// Shows and registers clients, changes and removes them.
struct ClientEndpoints {
    let postgres: PostgresClient
    let registrar: ClientRegistrar

    var endpoints: [Operation] { reading + writing }

    private var reading: [Operation] {
        let this = self
        return [
            Route(
                .get, "/api/v1/admin/clients", id: "listClients", tag: "admin", summary: "The tenant's clients",
                access: .permission(.clientsRead)
            )
            .problem(.badRequest, "invalid_cursor")
            .handle(query: ListQuery.self) { call, query in try await this.list(call, query) },
            Route(
                .get, "/api/v1/admin/clients/{id}", id: "readClient", tag: "admin", summary: "One client",
                access: .permission(.clientsRead)
            )
            .problem(.notFound, "not_found")
            .conditional()
            .handle { call in
                let rows = try await this.postgres.query(
                    ClientStatements.client, [.uuid(call.id("id"))], scope: .tenant(call.tenant))
                guard let row = rows.first else { throw Problem.notFound }
                return try ManagedClient(row)
            },
        ]
    }

    private var writing: [Operation] {
        let registrar = registrar
        return [
            Route(
                .post, "/api/v1/admin/clients", id: "registerClient", tag: "admin",
                summary: "Register a client; its secret is shown this once", access: .permission(.clientsWrite)
            )
            .problem(.conflict, "client_id_taken")
            .idempotent()
            .respond(ClientRegistration.self, answer: NewClient.self, status: .created) { call, registration in
                try await registrar.register(call, registration)
            },
            Route(
                .patch, "/api/v1/admin/clients/{id}", id: "changeClient", tag: "admin", summary: "Change a client",
                access: .permission(.clientsWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "builtin_client")
            .conditional()
            .handle(ClientChange.self) { call, change in try await registrar.change(call, change) },
            Route(
                .post, "/api/v1/admin/clients/{id}/secret", id: "renewClientSecret", tag: "admin",
                summary:
                    "Give a confidential client a new secret; the old one is good for `overlap_seconds` more, an hour "
                    + "unless said, 0 for a secret that leaked",
                access: .permission(.clientsWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "public_client")
            .handle(SecretRenewal.self) { call, renewal in try await registrar.renewSecret(call, renewal) },
            Route(
                .delete, "/api/v1/admin/clients/{id}", id: "removeClient", tag: "admin",
                summary: "Remove a client; its sessions end", access: .permission(.clientsWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "builtin_client")
            .conditional()
            .perform { call in try await registrar.remove(call) },
        ]
    }

    private func list(_ call: Call, _ query: ListQuery) async throws -> ManagedClientList {
        let list = ["clients", call.tenant.text]
        let cursor = try query.cursor.map { text throws(Problem) in try ListCursor(text, list: list) }
        let rows = try await postgres.query(
            ClientStatements.list, [.optional(cursor?.id), .int4(Int32(query.limit + 1))], scope: .tenant(call.tenant))
        let clients = try rows.map { row throws(PostgresError) in try ManagedClient(row) }
        return ManagedClientList(page: ListPage(clients, limit: query.limit, list: list) { $0.id })
    }
}
