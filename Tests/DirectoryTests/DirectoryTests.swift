import Domain
import FoundationEssentials
import GatehouseTesting
import Logging
import NIOCore
import Postgres
import Testing
import Tokens

@testable import Directory

/// The directories beside a Postgres whose tenants change at random.
@Suite("The directories of tenants and keys", .timeLimit(.minutes(5)))
struct DirectoryTests {
    private let server: TemporaryPostgres
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    init() throws {
        server = try TemporaryPostgres()
        try server.execute(
            """
            create table tenants (
                id uuid primary key default gen_random_uuid(), slug text unique, name text not null default 'some',
                state text not null default 'active', settings jsonb not null default '{}');
            create table tenant_hosts (host text primary key, tenant_id uuid references tenants on delete cascade);
            create table verification_keys (
                tenant_id uuid references tenants on delete cascade, kid text, algorithm text not null default 'EdDSA',
                public_key bytea not null, created_at timestamptz not null default clock_timestamp());
            """)
    }

    @Test("reading the tenants that changed leads to what reading all does")
    func changes() async throws {
        let postgres = PostgresClient(
            configuration: PostgresConfiguration(
                connectionString: server.connectionString(), acquireTimeout: .seconds(60),
                statementTimeout: .seconds(60)),
            logger: logger)
        let running = Task { try await postgres.run() }
        defer { running.cancel() }
        try await postgres.whenReady()
        let (tenants, keys) = (TenantDirectory(postgres: postgres), KeyDirectory(postgres: postgres))
        try await tenants.load()
        try await keys.load()
        var random = Randomness(seed: 7)
        var everyone: Set<UUID> = []
        for step in 0..<150 {
            let changed = try change(step, everyone, &random)
            everyone.formUnion(changed)
            // Events of one change may arrive one by one, in any order.
            let ordered = changed.sorted { $0.uuidString < $1.uuidString }.shuffled(using: &random)
            for part in Bool.random(using: &random) ? [changed] : ordered.map({ [$0] }) {
                try await tenants.load(.tenants(part))
                try await keys.load(.tenants(part))
            }

            let (allTenants, allKeys) = (TenantDirectory(postgres: postgres), KeyDirectory(postgres: postgres))
            try await allTenants.load()
            try await allKeys.load()
            #expect(tenants.isLoaded == allTenants.isLoaded)
            #expect(tenants.hasHosts == allTenants.hasHosts)
            for id in everyone {
                let (one, other) = (tenants.tenant(id), allTenants.tenant(id))
                #expect(one?.slug == other?.slug)
                #expect(one?.isActive == other?.isActive)
                #expect(keys.keys(of: id).map(\.kid) == allKeys.keys(of: id).map(\.kid))
                for kid in allKeys.keys(of: id).map(\.kid) { #expect(keys.key(kid, of: id) != nil) }
            }
            for number in 0..<6 {
                #expect(tenants.tenant(slug: "s\(number)")?.id == allTenants.tenant(slug: "s\(number)")?.id)
                #expect(tenants.tenant(host: "h\(number)")?.id == allTenants.tenant(host: "h\(number)")?.id)
            }
        }
        #expect(everyone.count > 8)
    }

    @Test("what is read of a tenant while all are read is kept when that, which is older, comes to its end")
    func overtakenByPart() async throws {
        try await withClient { postgres in
            let tenants = TenantDirectory(postgres: postgres)
            let (one, gone, other) = (try insert("one"), try insert("gone"), try insert("other"))
            try server.execute("insert into tenant_hosts values ('h.one', '\(one)'), ('h.other', '\(other)')")
            try makeGate()
            let complete = Task { try await tenants.load() }
            try await whenAtGate()
            try server.execute(
                """
                update tenants set state = 'suspended', slug = 'renamed' where id = '\(one)';
                delete from tenants where id = '\(gone)';
                update some_hosts set host = 'h.new' where tenant_id = '\(one)'
                """)
            try await tenants.load(.tenants([one, gone]))
            #expect(tenants.tenant(one)?.isActive == false)
            try openGate()
            try await complete.value
            #expect(tenants.tenant(one)?.isActive == false, "suspended is suspended")
            #expect(tenants.tenant(slug: "renamed")?.id == one)
            #expect(tenants.tenant(slug: "one") == nil)
            #expect(tenants.tenant(host: "h.new")?.id == one)
            #expect(tenants.tenant(host: "h.one") == nil)
            #expect(tenants.tenant(gone) == nil)
            #expect(tenants.tenant(slug: "gone") == nil)
            #expect(tenants.tenant(slug: "other")?.id == other, "the others were read by the older one alone")
            #expect(tenants.tenant(host: "h.other")?.id == other)

            try server.execute("update tenants set state = 'active' where id = '\(one)'")
            try await tenants.load()
            #expect(tenants.tenant(one)?.isActive == true, "a later reading of all counts again")
        }
    }

    @Test("what is read of a tenant replaces nothing that was read by who began later, neither of it nor of all")
    func overtakenPart() async throws {
        for isComplete in [false, true] {
            try await withClient { postgres in
                let tenants = TenantDirectory(postgres: postgres)
                let one = try insert("one\(isComplete)")
                try server.execute("insert into tenant_hosts values ('h\(isComplete)', '\(one)')")
                try makeGate()
                let part = Task { try await tenants.load(.tenants([one])) }
                try await whenAtGate()
                try server.execute("update tenants set state = 'suspended' where id = '\(one)'")
                try await tenants.load(isComplete ? .everything : .tenants([one]))
                #expect(tenants.tenant(one)?.isActive == false)
                try openGate()
                try await part.value
                #expect(tenants.tenant(one)?.isActive == false)
                #expect(tenants.tenant(host: "h\(isComplete)")?.id == one)
                try removeGate()
            }
        }
    }

    private func withClient(_ body: (PostgresClient) async throws -> Void) async throws {
        let name = UUID().uuidString
        let postgres = PostgresClient(
            configuration: PostgresConfiguration(
                connectionString: server.connectionString(), connections: 2, acquireTimeout: .seconds(60),
                statementTimeout: .seconds(60), applicationName: name),
            logger: logger)
        let running = Task { try await postgres.run() }
        defer { running.cancel() }
        try await postgres.whenReady()
        // On one connection the second load would wait for the first one's answers.
        let connected = "select count(*) from pg_stat_activity where application_name = '\(name)'"
        while try server.execute(connected) != "2\n" { try await Task.sleep(for: .milliseconds(10)) }
        try await body(postgres)
    }

    private func insert(_ slug: String) throws -> UUID {
        try #require(ids(try server.execute("insert into tenants (slug) values ('\(slug)') returning id")).first)
    }

    /// Has the next load wait between tenants and hosts, until the gate is opened; others pass.
    private func makeGate() throws {
        try server.execute(
            """
            create sequence arrivals;
            create table opened (at timestamptz default now());
            create function pass() returns boolean language plpgsql as $$
            begin
                if nextval('arrivals') = 1 then
                    while not exists (select from opened) loop perform pg_sleep(0.01); end loop;
                end if;
                return true;
            end $$;
            alter table tenant_hosts rename to some_hosts;
            create view tenant_hosts as select host, tenant_id from some_hosts where pass();
            """)
    }

    private func whenAtGate() async throws {
        while try server.execute("select is_called from arrivals") != "t\n" {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func openGate() throws { try server.execute("insert into opened default values") }

    private func removeGate() throws {
        try server.execute(
            """
            drop view tenant_hosts;
            drop function pass;
            drop table opened;
            drop sequence arrivals;
            alter table some_hosts rename to tenant_hosts;
            """)
    }

    /// Changes something of one or two tenants; returns which.
    private func change(
        _ step: Int, _ everyone: Set<UUID>, _ random: inout Randomness
    ) throws -> Set<UUID> {
        let name = Int.random(in: 0..<6, using: &random)
        let one = everyone.sorted { $0.uuidString < $1.uuidString }.randomElement(using: &random)?.uuidString
        let sql =
            switch (Int.random(in: 0..<7, using: &random), one) {
            case (_, nil), (0, _), (1, _):
                // In place of whoever had the name.
                """
                with former as (update tenants set slug = 'former\(step)' where slug = 's\(name)' returning id)
                select id from former
                """
            case (2, let one?): "update tenants set state = 'suspended' where id = '\(one)' returning id"
            case (3, let one?):
                "insert into tenant_hosts select 'h\(name)', id from tenants where id = '\(one)' "
                    + "on conflict (host) do update set tenant_id = excluded.tenant_id returning tenant_id"
            case (4, _): "delete from tenant_hosts where host = 'h\(name)' returning tenant_id"
            case (5, let one?):
                "insert into verification_keys select id, 'k\(step)', 'EdDSA', sha256('\(step)') from tenants "
                    + "where id = '\(one)' returning tenant_id"
            case (_, let one?): "delete from tenants where id = '\(one)' returning id"
            }
        // Whose a host was has changed, too.
        let owners = "select tenant_id from tenant_hosts where host = 'h\(name)'"
        var changed = ids(try server.execute(owners)).union(ids(try server.execute(sql)))
        if sql.contains("former") {
            changed.formUnion(
                ids(
                    try server.execute(
                        "insert into tenants (slug) values ('s\(name)') on conflict do nothing returning id")))
        }
        return changed
    }

    private func ids(_ text: String) -> Set<UUID> {
        Set(text.split(whereSeparator: \.isWhitespace).compactMap { UUID(uuidString: String($0)) })
    }
}
