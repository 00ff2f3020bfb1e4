import GatehouseTesting
import Testing

@Suite("The functions of a login", .serialized, .timeLimit(.minutes(5)))
struct LoginFunctionTests {
    private static let tenant = "00000000-0000-7000-8000-000000000001"
    private let server: TemporaryPostgres

    /// A database that has the schema and has never been analysed.
    init() throws {
        server = try TemporaryPostgres()
        try server.execute("alter system set autovacuum = off")
        try server.execute("select pg_reload_conf()")
        try server.makeSchema("logins")
    }

    /// What the service role of the tenant finds, the last line of it.
    private func asked(_ statements: String) throws -> String {
        let output = try ChildProcess.run([
            "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", "set gatehouse.tenant = '\(Self.tenant)'", "-c", statements,
            server.connectionString(user: "gatehouse_service", database: "logins"),
        ])
        return output.split(separator: "\n").last.map(String.init) ?? ""
    }

    @Test("an address is counted whole, of IPv6 its network, and IPv4 inside IPv6 as what it is")
    func prefix() throws {
        let given = ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8:1:2:3:4:5:6", "::1", "192.0.2.7/24"]
        let prefixes = try given.map { try asked("select address_prefix('\($0)')") }
        #expect(prefixes == ["192.0.2.7", "192.0.2.7", "2001:db8:1:2::/64", "::/64", "192.0.2.7"])
        #expect(try asked("select address_prefix(null) is null") == "t")
    }

    @Test("a count's waiting doubles to the longest, ends at the hard stop, and begins anew when it has decayed")
    func waiting() throws {
        /// Tens of seconds until the next try.
        func count(_ free: Int, _ hard: Int, subject: String) throws -> String {
            try asked(
                """
                select case when until = 'infinity' then 'never'
                    else coalesce(round(extract(epoch from until - now()) / 10)::text, 'none') end
                from count_login_failure('account', '\(subject)', \(free), \(hard), '1 day', '100 s') until
                """)
        }
        #expect(
            try (0..<7).map { _ in try count(2, 7, subject: "a") } == ["none", "none", "3", "6", "10", "10", "never"])
        #expect(try count(0, 7, subject: "b") == "3", "none is free")
        #expect(try count(0, 1, subject: "c") == "never")
        try server.execute("update login_failures set last_failed_at = now() - interval '2 days'", database: "logins")
        #expect(try count(2, 7, subject: "b") == "none")
        #expect(try count(2, 7, subject: "a") == "never", "what was closed for good stays closed")
    }

    @Test("plans made while counts, devices and passwords are few read few of them when there are many")
    func plans() throws {
        // Of tables with several keys that begin with the tenant, an empty one's plan may take any: users and sessions.
        let read = try asked(
            """
            create function pg_temp.log_in(name text) returns void language plpgsql as $$
            declare
                person uuid := (select account from find_account(name || '@example.com', '192.0.2.7', array['00']));
                ended timestamptz;
            begin
                assert person = (select account from find_account(upper(name), '192.0.2.7', '{}'));
                ended := (
                    select ends_at from open_session(
                        gen_random_uuid(), person, 'gatehouse', '{pwd}', null, null, null, null, '192.0.2.7', 60, 60, '',
                        0, 0, gen_random_uuid(), 'request', null, encode(sha256(random()::text::bytea), 'hex')));
                assert ended is not null;
            end
            $$;
            create function pg_temp.fill(first int, last int) returns void language sql as $$
                insert into users (tenant_id, id, email, username)
                    select current_tenant(), gen_random_uuid(), 'u' || n || '@example.com', 'u' || n
                    from generate_series(first, last) n;
                insert into credentials (tenant_id, user_id, id, kind, secret)
                    select tenant_id, id, id, 'password', '' from users on conflict do nothing;
                insert into known_devices (tenant_id, user_id, digest)
                    select tenant_id, id, sha256(id::text::bytea) from users on conflict do nothing;
                insert into login_failures (tenant_id, kind, subject, failures, last_failed_at)
                    select tenant_id, 'account', id::text, 1, now() from users on conflict do nothing;
            $$;
            create function pg_temp.rows_read() returns bigint language sql as $$
                select sum(seq_tup_read + idx_tup_fetch)::bigint from pg_stat_xact_user_tables
                where relname in ('login_failures', 'known_devices', 'credentials')
            $$;
            select pg_temp.fill(1, 2);
            select pg_temp.log_in('u1') from generate_series(1, 10);
            select pg_temp.fill(3, 1000);
            create temp table before as select pg_temp.rows_read() as read;
            select pg_temp.log_in('u' || n) from generate_series(500, 519) n;
            select case when pg_temp.rows_read() - read < 20 * 20 then 'few' else (pg_temp.rows_read() - read)::text end
            from before
            """)
        #expect(read == "few")
    }
}
