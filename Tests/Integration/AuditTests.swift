import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

@Suite("The audit log", .serialized, .timeLimit(.minutes(5)))
struct AuditTests {
    private static let started = Result { try RunningSuite(settings: ["AUDIT_SEAL_INTERVAL=200ms"]) }
    private let suite: RunningSuite

    init() throws {
        suite = try Self.started.get()
    }

    private func entries(_ query: String, tenant: String? = nil, bearer: String? = nil) throws -> [JSONValue] {
        let answer = try suite.send(
            "GET", "/api/v1/admin/audit?\(query)", tenant: tenant, bearer: bearer ?? suite.superuser())
        guard answer.status == 200 else { throw ChildProcess.Failure("audit: \(answer.status) \(answer.body)") }
        guard case .array(let entries)? = try JSONParser.parse(answer.body.utf8)["entries"] else { return [] }
        return entries
    }

    /// What a check of all tenants says.
    private func verdict(_ body: String = #"{"all_tenants":true}"#) throws -> JSONValue {
        let answer = try suite.post("/api/v1/admin/audit/verify", body, bearer: suite.superuser())
        guard answer.status == 200 else { throw ChildProcess.Failure("verify: \(answer.status) \(answer.body)") }
        return try JSONParser.parse(answer.body.utf8)
    }

    /// Kind and seal of the first fault.
    private func fault(_ body: String = #"{"all_tenants":true}"#) throws -> String? {
        guard case .array(let faults)? = try verdict(body)["faults"], let first = faults.first else { return nil }
        return "\(first["kind"]?.string ?? "?") \(first["seal"]?.integer ?? 0)"
    }

    /// Waits until all rows are sealed.
    private func sealed() async throws {
        try await eventually {
            try suite.sql(
                "select count(*) from audit_log where position > (select max(last_position) from audit_seals)") == "0"
        }
    }

    /// Some changes, so that there is something to see.
    private func change(_ count: Int = 3) throws -> (admin: String, users: [Person]) {
        let token = try suite.superuser()
        var users: [Person] = []
        for _ in 0..<count {
            let person = try Person(suite)
            users.append(person)
            let answer = try suite.send(
                "PATCH", "/api/v1/admin/users/\(person.id)", #"{"display_name":"Ada"}"#, bearer: token)
            #expect(answer.status == 200)
        }
        return (token, users)
    }

    @Test("a change is told with who, what, on whom, from where, before and after, and by which request")
    func entry() throws {
        let (token, users) = try change(1)
        let user = try #require(users.first)
        let entry = try #require(entries("target_type=user&target_id=\(user.id)").first)
        #expect(entry["action"]?.string == "user.changed")
        #expect(entry["actor_type"]?.string == "user")
        let me = try JSONParser.parse(suite.me(token).body.utf8)["id"]
        #expect(entry["actor_id"] == me)
        #expect(entry["ip"]?.string == "127.0.0.1")
        #expect(entry["detail"]?["display_name"]?["before"] == .null)
        #expect(entry["detail"]?["display_name"]?["after"]?.string == "Ada")
        let request = try #require(entry["request_id"]?.string)
        #expect(try entries("request_id=\(request)") == [entry])
        let id = try #require(entry["id"]?.string)
        let one = try suite.send("GET", "/api/v1/admin/audit/\(id)", bearer: token)
        #expect(try JSONParser.parse(one.body.utf8) == entry)
        #expect(try suite.send("GET", "/api/v1/admin/audit/\(user.id)", bearer: token).status == 404)
    }

    @Test("filters narrow the list, alone and together")
    func filters() throws {
        let (_, users) = try change(3)
        let user = users[1]
        let all = try entries("target_type=user&target_id=\(user.id)")
        #expect(all.compactMap { $0["action"]?.string } == ["user.changed", "user.registered"])
        let target = "target_type=user&target_id=\(user.id)"
        #expect(try entries("\(target)&action=user.registered").count == 1)
        #expect(try entries("\(target)&actor_id=\(user.id)").count == 1)
        #expect(try entries("actor_id=\(user.id)").count == 1)
        #expect(try entries("actor_id=\(user.id)&action=user.changed").isEmpty)
        #expect(try entries("action=user.changed&limit=200").allSatisfy { $0["action"]?.string == "user.changed" })
        let time = try #require(all.first?["created_at"]?.string)
        #expect(try entries("\(target)&from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z").isEmpty)
        #expect(try entries("\(target)&from=\(time)").count == 1)
        #expect(try entries("\(target)&to=\(time)").count == 1)
        for query in ["target_id=x", "target_type=user", "from=yesterday", "actor_id=1", "limit=0"] {
            #expect(
                try suite.send("GET", "/api/v1/admin/audit?\(query)", bearer: suite.superuser()).status == 422,
                "\(query)")
        }
    }

    @Test("pages follow one another without a gap, and a cursor fits only its own list")
    func pages() throws {
        let (token, users) = try change(4)
        let path = "/api/v1/admin/audit?actor_id="
        let me = try #require(JSONParser.parse(suite.me(token).body.utf8)["id"]?.string)
        var (found, cursor): ([String], String?) = ([], nil)
        repeat {
            let more = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try JSONParser.parse(
                suite.send("GET", "\(path)\(me)&action=user.changed&limit=3\(more)", bearer: token).body.utf8)
            guard case .array(let entries)? = page["entries"] else { break }
            found += entries.compactMap { $0["target_id"]?.string }
            cursor = page["next_cursor"]?.string
        } while cursor != nil
        #expect(found.prefix(4) == users.reversed().map(\.id)[...])
        #expect(Set(found).count == found.count)
        let first = try JSONParser.parse(suite.send("GET", "\(path)\(me)&limit=1", bearer: token).body.utf8)
        let other = try #require(first["next_cursor"]?.string)
        let answer = try suite.send("GET", "\(path)\(users[0].id)&cursor=\(other)", bearer: token)
        #expect(answer.status == 400)
        #expect(answer.body.contains("invalid_cursor"))
    }

    @Test("a tenant's log is shown to its administrators and to a superuser who names it, to nobody else")
    func tenants() async throws {
        let (slug, id) = try await suite.tenant()
        let person = try Person(suite, tenant: slug)
        let token = try person.login().access
        #expect(try suite.send("GET", "/api/v1/admin/audit", tenant: slug, bearer: token).status == 403)
        #expect(try suite.post("/api/v1/admin/audit/verify", "{}", tenant: slug, bearer: token).status == 403)
        try suite.sql(
            """
            insert into user_roles (tenant_id, user_id, role_id)
            select tenant_id, '\(person.id)', id from roles where tenant_id = '\(id)' and name = 'ADMIN'
            """)
        let admin = try person.login().access
        let own = try entries("", tenant: slug, bearer: admin)
        #expect(own.compactMap { $0["action"]?.string } == ["user.registered", "tenant.made"])
        #expect(try entries("tenant=\(id)") == own)
        let foreign = try suite.send(
            "GET", "/api/v1/admin/audit?tenant=00000000-0000-7000-8000-000000000001", tenant: slug, bearer: admin)
        #expect(foreign.status == 403)
        try await sealed()
        let check = try suite.post("/api/v1/admin/audit/verify", "{}", tenant: slug, bearer: admin)
        #expect(try JSONParser.parse(check.body.utf8)["rows"]?.integer == 2)
        #expect(try JSONParser.parse(check.body.utf8)["intact"] == .bool(true))
        let all = try suite.post(
            "/api/v1/admin/audit/verify", #"{"all_tenants":true}"#, tenant: slug, bearer: admin)
        #expect(all.status == 403)
    }

    @Test("neither the processes' role nor the admin's can change, delete or truncate what was written, or seals")
    func grants() throws {
        for role in ["service", "admin"] {
            for table in ["audit_log", "audit_seals", "audit_seal_parts"] {
                for statement in ["update \(table) set row_count = 1", "delete from \(table)", "truncate \(table)"]
                where !(statement.hasPrefix("update") && table == "audit_log") {
                    #expect(try refusal(of: statement, as: role).contains("permission denied"), "\(role): \(statement)")
                }
            }
            let update = "update audit_log set action = 'x'"
            #expect(try refusal(of: update, as: role).contains("permission denied"))
            let month = try suite.sql("select 'audit_log_' || to_char(now() at time zone 'utc', 'YYYYMM')")
            for statement in ["update \(month) set action = 'x'", "delete from \(month)", "drop table \(month)"] {
                #expect(try !refusal(of: statement, as: role).isEmpty, "\(role): \(statement)")
            }
        }
        let seal = "insert into audit_seals values (99, 1, 1, 1, null, null, now(), 1, '')"
        #expect(try refusal(of: seal, as: "service").contains("permission denied"))
    }

    /// What the server says to a statement of one of the roles.
    private func refusal(of statement: String, as role: String) throws -> String {
        let file = "\(suite.folder)/secrets/\(role)_password"
        let script = """
            PGPASSWORD=$(cat \(file)) psql -X -q -h 127.0.0.1 -p \(suite.ports["PORT_POSTGRES"] ?? 0) \
            -U gatehouse_\(role) -d gatehouse -c "$1" 2>&1 || true
            """
        return try ChildProcess.run(["sh", "-c", script, "psql", statement])
    }

    @Test("rows that are changed, removed or inserted by the owner of the tables are found, and seals that are gone")
    func tampering() async throws {
        _ = try change(3)
        try await sealed()
        #expect(try fault() == nil)
        let last = try #require(Int(suite.sql("select max(number) from audit_seals where row_count > 0")))
        let row = try suite.sql(
            "select id from audit_log where position between (select first_position from audit_seals where number = \(last)) "
                + "and (select last_position from audit_seals where number = \(last)) limit 1")
        // (what is done, how it is taken back, what is found)
        let attacks = [
            (
                "update audit_log set ip = '192.0.2.66' where id = '\(row)'",
                "update audit_log set ip = '127.0.0.1' where id = '\(row)'", "rows_changed \(last)"
            ),
            (
                "create table hidden as select * from audit_log where id = '\(row)'; delete from audit_log where id = '\(row)'",
                "insert into audit_log select * from hidden; drop table hidden", "rows_removed \(last)"
            ),
            (
                """
                insert into audit_log (tenant_id, id, actor_kind, action, target_kind, position)
                select tenant_id, gen_random_uuid(), 'system', 'forged', 'user', position from audit_log where id = '\(row)'
                """, "delete from audit_log where action = 'forged'", "rows_inserted \(last)"
            ),
            (
                "create table hidden as select * from audit_seals where number = 1; delete from audit_seals where number = 1",
                "insert into audit_seals select * from hidden; drop table hidden", "seal_missing 1"
            ),
            (
                "update audit_seals set row_count = row_count + 1 where number = 1",
                "update audit_seals set row_count = row_count - 1 where number = 1", "seal_changed 1"
            ),
            (
                "create table hidden as select * from audit_seal_parts where seal = 1; "
                    + "delete from audit_seal_parts where seal = 1",
                "insert into audit_seal_parts select * from hidden; drop table hidden", "seal_changed 1"
            ),
        ]
        for (attack, repair, expected) in attacks {
            try suite.sql(attack)
            #expect(try fault() == expected, "\(attack)")
            try suite.sql(repair)
            #expect(try fault() == nil, "\(repair)")
        }
    }

    @Test("an end that was cut off, rows and seals, is found by a seal that was noted down, and told in the log")
    func cutOff() async throws {
        _ = try change(1)
        try await sealed()
        let noted = try verdict()
        let seal = try #require(noted["last_seal"]?.integer)
        let hash = try #require(noted["last_hash"]?.string)
        let anchor = #"{"all_tenants":true,"expected_seal":\#(seal),"expected_hash":"\#(hash)"}"#
        #expect(try fault(anchor) == nil)
        #expect(try suite.logs().contains(hash))
        let command = try ChildProcess.run(
            adminCommand + ["\(RunningSuite.root)/.build/debug/gatehouse-admin", "--verify-audit", "\(seal):\(hash)"])
        #expect(command.hasPrefix("intact: "))
        try suite.deploy("service", "stop", "admin")
        try suite.sql(
            """
            create table hidden_rows as select * from audit_log
                where position >= (select first_position from audit_seals where number = \(seal));
            create table hidden_seals as select * from audit_seals where number >= \(seal);
            create table hidden_parts as select * from audit_seal_parts where seal >= \(seal);
            delete from audit_log where position >= (select first_position from audit_seals where number = \(seal));
            delete from audit_seals where number >= \(seal);
            delete from audit_seal_parts where seal >= \(seal);
            """)
        let binary = "\(RunningSuite.root)/.build/debug/gatehouse-admin --verify-audit"
        let script = "\(binary) > /dev/null && ! \(binary) \(seal):\(hash)"
        let found = try ChildProcess.run(adminCommand + ["sh", "-c", script])
        #expect(found.contains("NOT INTACT: seal_missing at seal \(seal)"))
        try suite.sql(
            """
            insert into audit_log select * from hidden_rows; insert into audit_seals select * from hidden_seals;
            insert into audit_seal_parts select * from hidden_parts; drop table hidden_rows, hidden_seals, hidden_parts;
            """)
        try suite.deploy("service", "start", "admin")
        try await eventually { try suite.send("GET", "/health/readiness").status == 200 }
        try await eventually { try fault(anchor) == nil }
        // A process that goes on meanwhile says that the chain has become shorter.
        try suite.sql("create table hidden as select * from audit_seals order by number desc limit 1")
        try suite.sql("delete from audit_seals where number = (select number from hidden)")
        try await eventually { try suite.logs().contains(#""found_seal""#) }
        // What it seals from then on leaves the gap open.
        _ = try change(1)
        try await sealed()
        #expect(try fault()?.hasPrefix("seal_missing") == true)
        try suite.sql(
            """
            delete from audit_seal_parts where seal > (select number from hidden);
            delete from audit_seals where number > (select number from hidden);
            insert into audit_seals select * from hidden; drop table hidden
            """)
        try await eventually { try fault() == nil }
    }

    @Test("retention drops months; the check still passes and says from where, and finds what else is missing")
    func retention() async throws {
        _ = try change(1)
        try suite.sql(
            """
            create table audit_log_200001 partition of audit_log
                for values from ('2000-01-01 00:00:00Z') to ('2000-02-01 00:00:00Z');
            insert into audit_log (tenant_id, id, actor_kind, action, target_kind, created_at)
                select '00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'system', 'old', 'user',
                    '2000-01-10 00:00:00Z' from generate_series(1, 5);
            """)
        try await sealed()
        _ = try change(1)
        try await sealed()
        #expect(try fault() == nil)
        let rows = try #require(verdict()["rows"]?.integer)
        try suite.deploy("service", "restart", "admin")
        try await eventually { try suite.sql("select to_regclass('audit_log_200001') is null") == "t" }
        try await eventually { try suite.send("GET", "/health/readiness").status == 200 }
        let after = try verdict()
        #expect(after["intact"] == .bool(true))
        #expect(try #require(after["dropped_before"]?.string) > "2025")
        #expect(try #require(after["rows"]?.integer) >= rows - 5)
        #expect(try suite.sql("select count(*) from audit_log where action = 'old'") == "0")
        let month = try suite.sql("select to_char(now() at time zone 'utc', 'YYYYMM')")
        try suite.sql("alter table audit_log detach partition audit_log_\(month)")
        #expect(try fault()?.hasPrefix("rows_removed") == true)
        try suite.sql(
            """
            alter table audit_log attach partition audit_log_\(month)
                for values from (date_trunc('month', now() at time zone 'utc') at time zone 'utc')
                to ((date_trunc('month', now() at time zone 'utc') + interval '1 month') at time zone 'utc')
            """)
        #expect(try fault() == nil)
    }

    @Test("two processes seal at once and make one chain, while rows are written and transactions linger")
    func twoSealers() async throws {
        let port = try FreePort.take(1)[0]
        let second = try ChildProcess.start(
            adminCommand + [
                "PORT=\(port)", "AUDIT_SEAL_INTERVAL=100ms", "\(RunningSuite.root)/.build/debug/gatehouse-admin",
            ])
        defer {
            second.signal(15)
            second.wait()
        }
        try await eventually { (try? PlainHTTP(port: port).send("GET", "/health/readiness").status) == 200 }
        let before = try #require(Int(suite.sql("select count(*) from audit_log")))
        let write = """
            do $$ begin
                for i in 1..100 loop
                    perform pg_sleep(random() * 0.01);
                    insert into audit_log (tenant_id, id, actor_kind, action, target_kind) values
                        ('00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'system', 'race', 'user');
                    if i % 10 = 0 then perform pg_sleep(0.3); end if;
                    commit;
                end loop;
            end $$
            """
        let suite = suite
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try suite.sql(write) } }
            try await group.waitForAll()
        }
        #expect(try suite.sql("select count(*) from audit_log") == "\(before + 400)")
        try await sealed()
        #expect(try fault() == nil)
        #expect(try suite.sql("select count(*) = max(number) - min(number) + 1 from audit_seals") == "t")
        #expect(
            try suite.sql("select sum(row_count) from audit_seal_parts p where month > '2020-01-01'")
                == "\(before + 400)")
    }

    /// `env` with the settings of the suite's admin process.
    private var adminCommand: [String] {
        [
            "env", "GATEHOUSE_ENV=development", "LOG_LEVEL=warning", "HOST=127.0.0.1",
            "DATABASE_URL=postgresql://gatehouse_admin@127.0.0.1:\(suite.ports["PORT_POSTGRES"] ?? 0)/gatehouse",
            "DATABASE_PASSWORD_FILE=\(suite.folder)/secrets/admin_password",
            "REDIS_URL=redis://127.0.0.1:\(suite.ports["PORT_REDIS"] ?? 0)",
            "REDIS_PASSWORD_FILE=\(suite.folder)/secrets/redis_password",
            "INTERNAL_KEY_FILE=\(suite.folder)/secrets/internal_key",
            "MASTER_KEY_FILE=\(suite.folder)/secrets/master_key",
        ]
    }
}
