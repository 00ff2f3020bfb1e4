import FoundationEssentials
import GatehouseTesting
import Postgres
import Testing

@Suite("Tenant scope", .timeLimit(.minutes(5)))
struct ScopeTests {
    private static let tenants = [UUID(), UUID(), UUID()]
    private static let setting = PostgresStatement(
        "scope_setting", [], "select coalesce(current_setting('gatehouse.tenant', true), '')")
    private static let names = PostgresStatement("scope_names", [], "select name from notes order by name")

    private static let prepared = Result {
        let server = try SharedServer.get()
        try server.execute(
            """
            create role scoped login;
            create table notes (tenant_id uuid not null, name text not null, primary key (tenant_id, name));
            alter table notes enable row level security;
            create policy own on notes using
                (tenant_id = nullif(current_setting('gatehouse.tenant', true), '')::uuid);
            grant select, insert on notes to scoped;
            """ + tenants.enumerated().map { "insert into notes values ('\($1)', 'note \($0)');" }.joined())
        return server
    }

    private func withScopedClient(_ connections: Int, _ body: (PostgresClient) async throws -> Void) async throws {
        let server = try Self.prepared.get()
        try await withClient(to: server) {
            $0.connectionString = server.connectionString(user: "scoped")
            $0.connections = connections
        } _: { client in
            try await body(client)
        }
    }

    @Test("a unit sees its tenant's rows, and none without a tenant")
    func rows() async throws {
        try await withScopedClient(2) { client in
            for (index, tenant) in Self.tenants.enumerated() {
                let rows = try await client.query(Self.names, scope: .tenant(tenant))
                #expect(try rows.map { try $0.decode(0, as: String.self) } == ["note \(index)"])
            }
            #expect(try await client.query(Self.names).isEmpty)
            #expect(try await client.query(Self.names, scope: .tenant(UUID())).isEmpty)
        }
    }

    @Test("the tenant does not outlive its unit, whether that succeeds or fails")
    func isLocal() async throws {
        try await withScopedClient(1) { client in
            let fail = PostgresStatement("scope_fail", [], "select 1 / 0")
            _ = try await client.query(Self.setting, scope: .tenant(Self.tenants[0]))
            #expect(try await client.query(Self.setting)[0].decode(0) == "")
            _ = await failure { () throws(PostgresError) in
                try await client.query(fail, scope: .tenant(Self.tenants[0]))
            }
            #expect(try await client.query(Self.setting)[0].decode(0) == "")
        }
    }

    @Test("units of many tenants mixed on one connection each keep to their own")
    func mixed() async throws {
        try await withScopedClient(1) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<400 {
                    group.addTask {
                        guard number % 4 < 3 else {
                            #expect(try await client.query(Self.names).isEmpty)
                            return
                        }
                        let rows = try await client.query(Self.names, scope: .tenant(Self.tenants[number % 4]))
                        #expect(try rows.map { try $0.decode(0, as: String.self) } == ["note \(number % 4)"])
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("a whole transaction keeps its tenant, and a pipeline too")
    func transactions() async throws {
        try await withScopedClient(2) { client in
            let tenant = Self.tenants[1]
            let seen = try await client.transaction(scope: .tenant(tenant)) { transaction in
                let first = try await transaction.query(Self.setting)[0].decode(0, as: String.self)
                let second = try await transaction.query(Self.setting)[0].decode(0, as: String.self)
                return [first, second]
            }
            #expect(seen == [tenant.uuidString.lowercased(), tenant.uuidString.lowercased()])
            let results = try await client.pipeline(
                [PostgresStep(Self.setting), PostgresStep(Self.names)], scope: .tenant(tenant))
            #expect(try results[0][0].decode(0) == tenant.uuidString.lowercased())
            #expect(results[1].count == 1)
        }
    }

    @Test("another tenant's row can't be written")
    func writes() async throws {
        try await withScopedClient(1) { client in
            let insert = PostgresStatement("scope_insert", [.uuid], "insert into notes values ($1, 'planted')")
            let error = await failure { () throws(PostgresError) in
                try await client.query(insert, [.uuid(Self.tenants[1])], scope: .tenant(Self.tenants[0]))
            }
            #expect(error?.serverError?.kind == .insufficientPrivilege)
        }
    }
}
