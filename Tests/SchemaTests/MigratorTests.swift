import GatehouseTesting
import Schema
import Testing

@Suite("Migrations", .serialized, .timeLimit(.minutes(5)))
struct MigratorTests {
    private let server: TemporaryPostgres
    private static let binary =
        #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/.build/debug/gatehouse-migrate"

    init() throws {
        server = try TemporaryPostgres()
    }

    private func migrator(_ url: String, _ migrations: [Migration] = Migration.embedded) throws -> Migrator {
        try Migrator(url: url, password: nil, migrations: migrations) { _ in }
    }

    private func dump(_ name: String) throws -> String {
        let text = try ChildProcess.run(["pg_dump", "-s", "-d", server.connectionString(database: name)])
        // Each dump carries a random word of its own.
        return text.split(separator: "\n").filter { !$0.contains("restrict ") }.joined(separator: "\n")
    }

    @Test("up, down and up again leaves the same schema")
    func roundTrip() throws {
        let url = try server.makeDatabase("round")
        try migrator(url).upgrade(to: .head)
        let first = try dump("round")
        try migrator(url).downgrade(to: .base)
        #expect(try !dump("round").contains("CREATE TABLE public.users"))
        try migrator(url).upgrade(to: .head)
        #expect(try dump("round") == first)
        try migrator(url).check()
    }

    @Test("steps lead one at a time, and the printed SQL leads to the same place")
    func steps() throws {
        let url = try server.makeDatabase("steps")
        for _ in Migration.embedded { try migrator(url).upgrade(to: .steps(1)) }
        #expect(throws: MigrationError.self) { try migrator(url).upgrade(to: .steps(1)) }
        let printed = try server.makeDatabase("printed")
        let script = "/tmp/gatehouse-script-\(server.port).sql"
        try ChildProcess.run(["sh", "-c", "\(Self.binary) upgrade --sql > \(script)"])
        try ChildProcess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", script, printed])
        try ChildProcess.run(["rm", script])
        let own = { (text: String, name: String) in
            text.split(separator: "owner_of_\(name)", omittingEmptySubsequences: false).joined(separator: "owner")
        }
        #expect(try own(dump("printed"), "printed") == own(dump("steps"), "steps"))
        try migrator(printed).check()
    }

    @Test("a file that was changed after it was applied is named")
    func changed() throws {
        let url = try server.makeDatabase("changed")
        try migrator(url).upgrade(to: .head)
        let edited = Migration.embedded.map {
            $0.revision == "0002" ? Migration(revision: $0.revision, name: $0.name, up: $0.up + " ", down: $0.down) : $0
        }
        let error = #expect(throws: MigrationError.self) { try migrator(url, edited).check() }
        #expect(error?.description.contains("0002_people.up.sql was changed") == true)
        let older = #expect(throws: MigrationError.self) {
            try migrator(url, Migration.embedded.dropLast()).upgrade(to: .head)
        }
        #expect(older?.description.contains("newer than the program") == true)
    }

    @Test("a migration that fails leaves nothing behind and is named with its line")
    func failing() throws {
        let url = try server.makeDatabase("failing")
        let bad = Migration(revision: "0001", name: "bad", up: "create table a (b int);\nselect nothing;", down: "")
        let error = #expect(throws: MigrationError.self) { try migrator(url, [bad]).upgrade(to: .head) }
        #expect(error?.description == "0001_bad: column \"nothing\" does not exist (SQLSTATE 42703, line 2)")
        #expect(try migrator(url).applied().isEmpty)
        #expect(try server.execute("select to_regclass('a') is null", database: "failing").contains("t"))
    }

    @Test("eight migrators at once apply everything once")
    func together() async throws {
        let url = try server.makeDatabase("together")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try ChildProcess.run(["env", "DATABASE_MIGRATE_URL=\(url)", Self.binary, "upgrade", "head"])
                }
            }
            try await group.waitForAll()
        }
        #expect(try migrator(url).applied().map(\.revision) == Migration.embedded.map(\.revision))
    }

    @Test("a migrator that is killed in the middle leaves no lock and no half migration")
    func killed() async throws {
        let url = try server.makeDatabase("killed")
        let slow = Migration(
            revision: "0001", name: "slow", up: "create table a (b int); select pg_sleep(600);", down: "")
        let running = Task.detached {
            try Migrator(url: url, password: nil, migrations: [slow]) { _ in }.upgrade(to: .head)
        }
        while try !server.execute(
            "select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()"
        )
        .contains("1") { try await Task.sleep(for: .milliseconds(20)) }
        try server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()"
        )
        await #expect(throws: (any Error).self) { try await running.value }
        try migrator(url).upgrade(to: .head)
        try migrator(url).check()
    }

    @Test("the command line says where the database is, and takes -1 as typed")
    func commandLine() throws {
        let url = try server.makeDatabase("typed")
        func run(_ words: String...) throws -> String {
            try ChildProcess.run(["env", "DATABASE_MIGRATE_URL=\(url)", Self.binary] + words)
        }
        _ = try run("upgrade", "head")
        #expect(try run("downgrade", "-1").contains("taking back \(Migration.embedded.last?.title ?? "")"))
        #expect(try run("current") == "\(Migration.embedded.dropLast().last?.title ?? "")\n")
        #expect(try run("history").contains("pending  \(Migration.embedded.last?.title ?? "")"))
        #expect(throws: ChildProcess.Failure.self) { try run("check") }
        _ = try run("stamp", "head")
        #expect(try run("check").contains("which is head"))
        #expect(throws: ChildProcess.Failure.self) { try run("upgrade", "nowhere") }
    }

    @Test("a new revision is a pair of files with the next number")
    func revision() throws {
        let folder = "/tmp/gatehouse-revision-\(server.port)"
        try ChildProcess.run(["mkdir", folder])
        defer { _ = try? ChildProcess.run(["rm", "-r", folder]) }
        let first = try ChildProcess.run([Self.binary, "revision", "-m", "Add things, now!", "--directory", folder])
        #expect(first == "\(folder)/0001_add_things_now.up.sql\n\(folder)/0001_add_things_now.down.sql\n")
        #expect(
            try ChildProcess.run([Self.binary, "revision", "-m", "more", "--directory", folder]).contains("0002_more"))
    }

    @Test("the service role sees no tenant's rows but those of the tenant that is set")
    func isolation() throws {
        let url = try server.makeDatabase("isolated")
        try migrator(url).upgrade(to: .head)
        try server.execute(
            "select provision_tenant('00000000-0000-7000-8000-000000000002', 'acme', 'Acme')", database: "isolated")
        func count(_ setting: String) throws -> String {
            try ChildProcess.run([
                "psql", "-Atq", "-c", setting, "-c", "select count(*) from roles",
                server.connectionString(user: "gatehouse_service", database: "isolated"),
            ])
        }
        #expect(try count("select 1") == "1\n0\n")
        #expect(try count("set gatehouse.tenant = '00000000-0000-7000-8000-000000000002'") == "3\n")
        let admin = server.connectionString(user: "gatehouse_admin", database: "isolated")
        #expect(try ChildProcess.run(["psql", "-Atqc", "select count(*) from roles", admin]) == "6\n")
        for statement in ["delete from events", "update audit_log set action = 'x'", "drop table users"] {
            #expect(throws: ChildProcess.Failure.self) {
                try ChildProcess.run([
                    "psql", "-v", "ON_ERROR_STOP=1", "-qc", statement,
                    server.connectionString(user: "gatehouse_service", database: "isolated"),
                ])
            }
        }
        let foreign = """
            set gatehouse.tenant = '00000000-0000-7000-8000-000000000002';
            insert into users (tenant_id, id, username)
            values ('00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'x')
            """
        #expect(throws: ChildProcess.Failure.self) {
            try ChildProcess.run([
                "psql", "-v", "ON_ERROR_STOP=1", "-qc", foreign,
                server.connectionString(user: "gatehouse_service", database: "isolated"),
            ])
        }
    }

    @Test("names are compared without case and compatibility forms, and partitions are made and dropped")
    func functions() throws {
        let url = try server.makeDatabase("functions")
        try migrator(url).upgrade(to: .head)
        #expect(
            try server.execute("select identity_key('ÄDA') = identity_key('a\u{308}da')", database: "functions")
                .contains("t"))
        #expect(
            try server.execute("select identity_key('ﬁn') = identity_key('FIN')", database: "functions").contains("t"))
        #expect(try server.execute("select make_partitions()", database: "functions").contains("0"))
        let drop = "select drop_partitions('events', now() + interval '1 year')"
        #expect(try server.execute(drop, database: "functions").contains("4"))
        #expect(try server.execute("select make_partitions()", database: "functions").contains("4"))
    }
}
