import GatehouseTesting
import Schema

extension TemporaryPostgres {
    /// Makes a database whose owner is no superuser and may make no roles, as in a deployment; returns the owner's URL of it.
    func makeDatabase(_ name: String) throws -> String {
        for role in ["gatehouse_service", "gatehouse_admin", "owner_of_\(name)"] {
            try execute("do $$ begin create role \(role) login; exception when duplicate_object then null; end $$")
        }
        try execute("create database \(name) owner owner_of_\(name) template template0 encoding 'UTF8'")
        return connectionString(user: "owner_of_\(name)", database: name)
    }

    /// Makes such a database with the newest schema.
    func makeSchema(_ name: String) throws {
        let url = try makeDatabase(name)
        try Migrator(url: url, password: nil, migrations: Migration.embedded) { _ in }.upgrade(to: .head)
    }
}
