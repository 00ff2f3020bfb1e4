import FoundationEssentials
import GatehouseTesting
import Kit
import Synchronization
import Testing

/// The four processes on replicated stores whose primaries die.
@Suite("Failover of the stores", .serialized, .timeLimit(.minutes(5)))
struct FailoverTests {
    /// What callers were told while stores died under them.
    private final class Record: Sendable {
        private let state = Mutex<(answers: [String: Int], kept: [Person], isOver: Bool)>(([:], [], false))

        var isOver: Bool { state.withLock(\.isOver) }
        var kept: [Person] { state.withLock(\.kept) }
        /// How often each status was the answer, and whether the 503 had Retry-After.
        var answers: [String: Int] { state.withLock(\.answers) }

        func end() { state.withLock { $0.isOver = true } }

        func note(_ answer: PlainHTTP.Answer) {
            let mark = answer.status == 503 && answer.header("retry-after") == nil ? " without Retry-After" : ""
            state.withLock { $0.answers["\(answer.status)\(mark)", default: 0] += 1 }
        }

        func keep(_ person: Person) { state.withLock { $0.kept.append(person) } }
    }

    /// Registers one person after another, and asks who somebody is, until the record ends.
    private func load(_ suite: RunningSuite, _ access: String, _ record: Record) async throws {
        while !record.isOver {
            let name = uniqueName()
            let body = #"{"email":"\#(name)@example.com","username":"\#(name)","password":"correct horse 7 battery"}"#
            let answer = try suite.post("/api/v1/auth/register", body)
            record.note(answer)
            if answer.status == 201 { record.keep(try Person(suite, registered: name)) }
            record.note(try suite.me(access))
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test("both primaries die at once: 503 meanwhile, then all goes on without a restart, and nothing is lost")
    func bothPrimaries() async throws {
        let stores = try ReplicatedStores(synchronous: true)
        let suite = try RunningSuite(stores: stores)
        try await eventually { try stores.areWatched() }
        let person = try Person(suite)
        let (kept, ended) = (try person.login(), try person.login())
        let superuser = try suite.superuser()
        let processes = try ["gateway", "identity", "token", "admin"].map { try suite.processID($0) }

        // First a primary that takes no writes: every process lets go of it, and nothing else is found.
        try stores.postgres.execute("alter system set default_transaction_read_only = on")
        try stores.postgres.execute("select pg_reload_conf()")
        var held = kept
        func refreshed(_ expected: Int) throws -> Bool {
            let answer = try suite.refresh(held.refresh)
            #expect([200, 503].contains(answer.status), "\(answer)")
            if answer.status == 200 { held = try Tokens(answer.body) }
            return answer.status == expected
        }
        try await eventually { try refreshed(503) }
        try stores.postgres.execute("alter system reset default_transaction_read_only")
        try stores.postgres.execute("select pg_reload_conf()")
        try await eventually { try refreshed(200) }

        let record = Record()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let access = held.access
            for _ in 0..<4 { group.addTask { try await load(suite, access, record) } }
            try await eventually { record.kept.count > 8 }
            stores.redis.stop()
            stores.postgres.stop(.crash)
            try await eventually { (record.answers["503"] ?? 0) > 8 }
            #expect(try refreshed(503))
            try stores.standby.promote()
            // The token held since before is good, as soon as the token process has found the new primary.
            try await eventually { try refreshed(200) }
            let before = record.kept.count
            try await eventually { record.kept.count > before + 8 }
            record.end()
            try await group.waitForAll()
        }
        #expect(Set(record.answers.keys).isSubset(of: ["200", "201", "503"]), "\(record.answers)")
        for person in record.kept {
            #expect(try person.attempt().status == 200, "\(person.name) was registered and is gone")
        }
        // Admin, whom nobody asked meanwhile, comes back by itself, at its own next attempt.
        try await eventually {
            let list = try suite.send("GET", "/api/v1/admin/users?limit=1", bearer: superuser)
            #expect([200, 503].contains(list.status), "\(list)")
            return list.status == 200
        }
        // The limits and events are shared again.
        try await eventually { try suite.gateway.send("GET", "/health/readiness").body.hasPrefix(#"{"status":"ok""#) }
        #expect(try stores.replica.execute("ROLE").hasPrefix("master"))
        #expect(try suite.logout(ended.access).status == 204)
        try await eventually { try suite.me(ended.access).status == 401 }
        #expect(try ["gateway", "identity", "token", "admin"].map { try suite.processID($0) } == processes)
    }

    @Test("a standby without the last commits: the newest refresh token works, nobody is kept out, the audit log fits")
    func lostCommits() async throws {
        let stores = try ReplicatedStores(synchronous: false)
        let suite = try RunningSuite(stores: stores, settings: ["AUDIT_SEAL_INTERVAL=200ms"])
        let (person, changed) = (try Person(suite), try Person(suite))
        let first = try person.login()
        let out = try person.login()
        let before = try changed.login()
        let superuser = try suite.superuser()
        let position = try stores.postgres.execute("select pg_current_wal_lsn()").filter { !$0.isNewline }
        let hasAll = "select pg_last_wal_replay_lsn() >= '\(position)'"
        try await eventually { try stores.standby.execute(hasAll) == "t\n" }

        // The migrator passes over a standby that stands first.
        let servers = "127.0.0.1:\(stores.standby.port),127.0.0.1:\(stores.postgres.port)"
        _ = try ChildProcess.run([
            "env", "DATABASE_MIGRATE_URL=postgresql://gatehouse_owner@\(servers)/gatehouse",
            "\(RunningSuite.root)/.build/debug/gatehouse-migrate", "upgrade", "head",
        ])

        // From here on nothing reaches the standby.
        try stores.standby.execute("alter system set primary_conninfo = ''")
        try stores.standby.execute("select pg_reload_conf()")
        try await eventually { try stores.postgres.execute("select count(*) from pg_stat_replication") == "0\n" }
        let second = try Tokens(suite.refresh(first.refresh).body)
        let third = try Tokens(suite.refresh(second.refresh).body)
        #expect(try suite.logout(out.access).status == 204)
        let change = try suite.send(
            "PUT", "/api/v1/admin/users/\(changed.id)/roles", #"{"roles":["USER","MODERATOR"]}"#, bearer: superuser)
        #expect(change.status == 200, "\(change)")
        try await eventually { try suite.me(before.access).status == 401 }

        stores.postgres.stop(.crash)
        try stores.standby.promote()
        try await eventually {
            let answer = try suite.refresh(third.refresh)
            #expect([200, 503].contains(answer.status), "\(answer)")
            return answer.status == 200
        }
        // A token that was used before is still a used one.
        #expect(try suite.refresh(second.refresh).status == 401)
        // What raised the epoch is lost; whoever logs in now is not measured by it.
        var again: Tokens?
        try await eventually {
            again = try? changed.login()
            return again != nil
        }
        let access = try #require(again).access
        try await eventually { try suite.me(access).status == 200 }
        // The logout is lost as well; where it was heard of, its access token stays refused.
        #expect(try suite.me(out.access).status == 401)

        // The programs that are run by hand find the way, too, past a host that is dead.
        let owner = "DATABASE_MIGRATE_URL=\(stores.connectionString(user: "gatehouse_owner"))"
        let binaries = "\(RunningSuite.root)/.build/debug"
        let upgraded = try ChildProcess.run(["env", owner, "\(binaries)/gatehouse-migrate", "upgrade", "head"])
        #expect(!upgraded.contains("reached"))
        let verified = try ChildProcess.run([
            "env", "LOG_LEVEL=critical", "REDIS_URL=redis://127.0.0.1:1",
            "DATABASE_URL=\(stores.connectionString(user: "gatehouse_admin"))",
            "INTERNAL_KEY_FILE=\(suite.folder)/secrets/internal_key",
            "MASTER_KEY_FILE=\(suite.folder)/secrets/master_key", "\(binaries)/gatehouse-admin", "--verify-audit",
        ])
        #expect(verified.contains("intact: "), "\(verified)")

        for _ in 0..<5 { _ = try Person(suite) }
        let unsealed = """
            select count(*) from audit_log
            where position > coalesce((select max(last_position) from audit_seals), 0)
            """
        try await eventually { try suite.sql(unsealed) == "0" }
        let verdict = try suite.post(
            "/api/v1/admin/audit/verify", #"{"all_tenants":true}"#, bearer: suite.superuser())
        #expect(verdict.body.contains(#""intact":true"#), "\(verdict)")
    }
}

extension Person {
    /// Somebody who was registered under a name elsewhere.
    fileprivate init(_ suite: RunningSuite, registered name: String) throws {
        self.suite = suite
        self.name = name
        tenant = nil
        password = "correct horse 7 battery"
        id = ""
    }
}
