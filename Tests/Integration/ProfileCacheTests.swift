import FoundationEssentials
import GatehouseTesting
import Glibc
import Kit
import Testing

@Suite("Profiles from memory", .serialized, .timeLimit(.minutes(5)))
struct ProfileCacheTests {
    @Test("a repeated question is answered from memory, and whoever wants the truth gets it")
    func fresh() async throws {
        let suite = try SharedSuite.get()
        let (person, identity) = (try Person(suite), try IdentityInstance(suite))
        let access = try suite.session(of: person.id).access
        try await identity.warm(person.id)
        // Without an event: nobody does so but this test.
        try suite.sql("update users set display_name = 'Changed' where id = '\(person.id)'")
        for path in ["/api/v1/auth/me", "/api/v1/users/me"] {
            let kept = try suite.send("GET", path, bearer: access)
            #expect(kept.status == 200)
            #expect(kept.body.contains(#""display_name":null"#))
            #expect(kept.header("content-type") == "application/json")
            #expect(kept.header("cache-control") == "no-store")
        }
        let wish = ["Cache-Control: max-age=0, no-cache"]
        let truth = try suite.send("GET", "/api/v1/auth/me", bearer: access, headers: wish)
        #expect(truth.body.contains(#""display_name":"Changed""#))
        #expect(try suite.me(access).body.contains(#""display_name":"Changed""#), "what was read is kept")
        #expect(try suite.me(access, tenant: "nobody").status == 404)
        #expect(try suite.logout(access).status == 204)
        #expect(try suite.me(access).status == 401)
    }

    @Test("each kind of change is seen at once where it was made, and soon by the other instance")
    func changes() async throws {
        let suite = try RunningSuite(identities: 2)
        let (first, second) = (try IdentityInstance(suite, 0), try IdentityInstance(suite, 1))
        let person = try Person(suite)
        let changes =
            ProfileChangeCase.own(person, first) + (try ProfileChangeCase.administrators(person, suite))
            + (try await ProfileChangeCase.organizations(suite, first))
        for change in changes {
            for identity in [first, second] {
                try await identity.warm(change.user, organization: change.organization)
                let before = try identity.me(change.user, organization: change.organization)
                #expect(!change.shows(before), "\(change.what), before: \(before.body)")
            }
            let status = try await change.make()
            #expect([200, 201, 204].contains(status), "\(change.what): \(status)")
            if change.isOwn {
                let after = try first.me(change.user, organization: change.organization)
                #expect(change.shows(after), "\(change.what): \(after.body)")
            }
            for identity in [first, second] {
                var tries = 0
                while try !change.shows(identity.me(change.user, organization: change.organization)) {
                    tries += 1
                    try #require(tries < 500, "\(change.what): the change never comes")
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    @Test("of changes and reads at the same time no old answer stays behind", .timeLimit(.minutes(10)))
    func race() async throws {
        let suite = try RunningSuite(identities: 2, settings: ["DATABASE_CONNECTIONS=4"])
        let instances = [try IdentityInstance(suite, 0), try IdentityInstance(suite, 1)]
        let user = try Person(suite).id
        for identity in instances { try await identity.warm(user) }
        for round in 0..<300 {
            let name = "Round \(round)"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for reader in 0..<6 {
                    group.addTask {
                        for _ in 0..<4 { _ = try instances[reader % 2].me(user) }
                    }
                }
                group.addTask {
                    let body = #"{"display_name":"\#(name)"}"#
                    let changed = try instances[0].send("PATCH", "/api/v1/users/me", body, of: user)
                    #expect(changed.status == 200)
                    let after = try instances[0].me(user)
                    #expect(after.body.contains(name), "round \(round): \(after.body)")
                }
                try await group.waitForAll()
            }
            let left = try instances[0].me(user)
            #expect(left.body.contains(name), "round \(round): \(left.body)")
            try await eventually { try instances[1].me(user).body.contains(name) }
        }
    }

    @Test("rows that were read before a change and come back after it are not kept")
    func overtaken() async throws {
        let suite = try RunningSuite(settings: ["DATABASE_CONNECTIONS=4"])
        let identity = try IdentityInstance(suite)
        let cast = try await OrganizationCast(suite)
        let (user, organization) = (cast.id(.member), try cast.organization().id)
        @Sendable func me(fresh: Bool) throws -> PlainHTTP.Answer {
            try identity.me(user, organization: organization, headers: fresh ? ["Cache-Control: no-cache"] : [])
        }
        // On a connection that has prepared the statements the first of them runs before the second has to wait; on
        // another one both wait, and nothing is overtaken.
        for _ in 0..<40 { _ = try me(fresh: true) }
        var isOvertaken = false
        for round in 0..<10 where !isOvertaken {
            let name = "After \(round)"
            let (read, changed) = try await whileLocked("organization_members", suite, { try me(fresh: true) }) {
                try identity.send("PATCH", "/api/v1/users/me", #"{"display_name":"\#(name)"}"#, of: user)
            }
            #expect(read.status == 200 && changed.status == 200)
            isOvertaken = !read.body.contains(name)
            #expect(try me(fresh: false).body.contains(name))
        }
        #expect(isOvertaken)
    }

    /// Reads while a table is locked, acts once the reader waits for it, and then lets it go on.
    private func whileLocked<R: Sendable, A>(
        _ table: String, _ suite: RunningSuite, _ read: @escaping @Sendable () throws -> R, _ act: () throws -> A
    ) async throws -> (read: R, acted: A) {
        let locks = "from pg_locks l join pg_class c on c.oid = l.relation where c.relname = '\(table)'"
        let holder = try ChildProcess.start([
            "env", "PGPASSFILE=\(suite.folder)/secrets/pgpass", "psql", "-X", "-q", "-d",
            "postgresql://gatehouse_owner@127.0.0.1:\(suite.ports["PORT_POSTGRES"] ?? 0)/gatehouse", "-c",
            "begin; lock table \(table) in access exclusive mode; select pg_sleep(60)",
        ])
        defer { holder.signal(SIGTERM) }
        try await eventually { try suite.sql("select count(*) \(locks) and l.granted") == "1" }
        let reader = Task.detached(operation: read)
        try await eventually { try suite.sql("select count(*) \(locks) and not l.granted") == "1" }
        let acted = try act()
        try suite.sql("select pg_terminate_backend(l.pid) \(locks) and l.granted")
        return (try await reader.value, acted)
    }

    @Test("without Redis nothing is answered from memory, and what changed meanwhile is known afterwards")
    func redis() async throws {
        let suite = try RunningSuite(identities: 2)
        let (first, second) = (try IdentityInstance(suite, 0), try IdentityInstance(suite, 1))
        let user = try Person(suite).id
        func rename(_ name: String) throws {
            let body = #"{"display_name":"\#(name)"}"#
            #expect(try second.send("PATCH", "/api/v1/users/me", body, of: user).status == 200)
        }
        try await first.warm(user)
        try suite.deploy("service", "stop", "redis")
        for round in 0..<5 {
            try rename("Down \(round)")
            #expect(try first.me(user).body.contains("Down \(round)"))
        }
        let hits = try first.lookups("hit")
        #expect(try first.me(user).status == 200)
        #expect(try first.lookups("hit") == hits)
        try rename("Last")
        try suite.deploy("service", "start", "redis")
        while try first.lookups("hit") == hits {
            #expect(try first.me(user).body.contains("Last"))
        }
        #expect(try first.me(user).body.contains("Last"))
    }

    @Test("without Postgres what is in memory is still answered, and what is not is 503")
    func postgres() async throws {
        let suite = try RunningSuite()
        let identity = try IdentityInstance(suite)
        let (known, unknown) = (try Person(suite).id, try Person(suite).id)
        try await identity.warm(known)
        try suite.deploy("service", "stop", "postgres")
        #expect(try identity.me(known).status == 200)
        #expect(try identity.me(unknown).status == 503)
        #expect(try identity.me(known, headers: ["Cache-Control: no-cache"]).status == 503)
    }
}
