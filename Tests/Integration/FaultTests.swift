import GatehouseTesting
import Testing

/// Each test breaks a suite of its own.
@Suite("When parts die", .serialized, .timeLimit(.minutes(5)))
struct FaultTests {
    @Test("a process that is killed is started again and found again; the others go on meanwhile")
    func killed() async throws {
        let suite = try RunningSuite()
        let person = try Person(suite)
        for name in ["token", "identity", "admin", "gateway"] {
            let tokens = try person.login()
            let old = try suite.kill(name)
            if name == "token" { #expect(try suite.me(tokens.access).status == 200) }
            try await eventually { ((try? suite.processID(name)) ?? old) != old }
            try await eventually { (try? suite.gateway.send("GET", "/health/readiness").status) == 200 }
            try await eventually { (try? suite.me(tokens.access).status) == 200 }
            try await eventually { (try? suite.refresh(tokens.refresh).status) == 200 }
        }
    }

    @Test("an ended session stays ended for a gateway that was not there when it ended")
    func restartRemembers() async throws {
        let suite = try RunningSuite()
        let tokens = try Person(suite).login()
        #expect(try suite.logout(tokens.access).status == 204)
        let old = try suite.kill("gateway")
        try await eventually { ((try? suite.processID("gateway")) ?? old) != old }
        try await eventually { (try? suite.gateway.send("GET", "/health/readiness").status) == 200 }
        #expect(try suite.me(tokens.access).status == 401)
    }

    @Test("without Redis people log in, refresh and log out, and a logout is felt")
    func redis() async throws {
        let suite = try RunningSuite()
        let person = try Person(suite)
        let before = try person.login()
        try suite.deploy("service", "stop", "redis")
        let tokens = try person.login()
        #expect(try suite.me(tokens.access).status == 200)
        let next = try Tokens(suite.refresh(tokens.refresh).body)
        let stolen = try suite.refresh(tokens.refresh)
        #expect(stolen.status == 401)
        try await eventually { try suite.me(next.access).status == 401 }
        #expect(try suite.logout(before.access).status == 204)
        #expect(try suite.me(before.access).status == 401)
        try await eventually {
            try suite.gateway.send("GET", "/health/readiness").body.contains(#""status":"degraded""#)
        }
        #expect(try suite.gateway.send("GET", "/health/readiness").status == 200)
        try suite.deploy("service", "start", "redis")
        try await eventually { try suite.gateway.send("GET", "/health/readiness").body.hasPrefix(#"{"status":"ok""#) }
        #expect(try suite.refresh(person.login().refresh).status == 200)
    }

    @Test("without Postgres what needs it is 503 at once, and everything recovers by itself")
    func postgres() async throws {
        let suite = try RunningSuite()
        let person = try Person(suite)
        let tokens = try person.login()
        try suite.deploy("service", "stop", "postgres")
        let refused = try suite.refresh(tokens.refresh)
        #expect(refused.status == 503)
        #expect(refused.header("retry-after") != nil)
        #expect(try suite.gateway.send("GET", "/health/liveness").status == 200)
        try await eventually { try suite.gateway.send("GET", "/health/readiness").status == 503 }
        try suite.deploy("service", "start", "postgres")
        try await eventually { (try? suite.refresh(tokens.refresh).status) == 200 }
        try await eventually { try suite.gateway.send("GET", "/health/readiness").status == 200 }
    }
}
