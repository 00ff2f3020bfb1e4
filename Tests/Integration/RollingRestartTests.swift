import GatehouseTesting
import Glibc
import HTTP2
import HTTPTypes
import Kit
import Logging
import NIOCore
import NIOPosix
import Testing

/// Instances restarted one after the other while people are at work: nobody is to feel it.
@Suite("Rolling restarts", .serialized, .timeLimit(.minutes(5)))
struct RollingRestartTests {
    /// Three who read, one of them keys, and three who refresh, through one door.
    private func errands(_ suite: RunningSuite, through door: PlainHTTP) throws -> [any Errand] {
        let person = try Person(suite)
        return [
            Reading(door: door, path: "/api/v1/echo"), Reading(door: door, path: "/api/v1/echo"),
            Reading(door: door, path: "/.well-known/jwks.json"),
            Rotating(door: door, token: try person.login().refresh),
            Rotating(door: door, token: try person.login().refresh),
            Rotating(door: door, token: try person.login().refresh),
        ]
    }

    /// Expects that the processes ended as asked, each once, and no other did.
    private func expectOrderlyEnds(_ suite: RunningSuite, of names: [String]) throws {
        let ends = try suite.logs().split(separator: "\n").filter { $0.contains(#""logger":"supervise""#) }
        #expect(ends.count == names.count, "\(ends)")
        for name in names {
            #expect(ends.contains { $0.contains("with status 0\",\"service\":\"\(name)\"") }, "\(ends)")
        }
    }

    @Test("token instances restarted one after the other lose no request", arguments: [2, 3])
    func tokens(count: Int) async throws {
        let suite = try RunningSuite(tokens: count)
        let names = ["token", "token-2", "token-3"].prefix(count)
        let tally = try await underLoad(errands(suite, through: suite.gateway)) { _ in
            for name in names {
                try suite.deploy("service", "restart", name)
                try await eventually { suite.isReady(name) }
            }
        }
        #expect(tally.failures.isEmpty)
        #expect(tally.repeated == 0)
        try expectOrderlyEnds(suite, of: Array(names))
    }

    @Test("identity and admin instances restarted one after the other lose no request")
    func identityAndAdmin() async throws {
        let suite = try RunningSuite(identities: 2, tokens: 2, admins: 2)
        let root = ["Authorization: Bearer \(try suite.superuser())"]
        let errands: [any Errand] =
            try [
                Reading(door: suite.gateway, path: "/api/v1/auth/me", headers: root),
                Reading(door: suite.gateway, path: "/api/v1/admin/users", headers: root),
            ] + errands(suite, through: suite.gateway)
        let names = ["identity", "identity-2", "admin", "admin-2"]
        let tally = try await underLoad(errands) { _ in
            for name in names {
                try suite.deploy("service", "restart", name)
                try await eventually { suite.isReady(name) }
            }
        }
        #expect(tally.failures.isEmpty)
        try expectOrderlyEnds(suite, of: names)
    }

    /// Restarts both gateways in turn, each when the balancer sends connections to the other again.
    private func restartGateways(_ suite: RunningSuite, behind balancer: Balancer) async throws {
        for (name, gateway) in zip(["gateway", "gateway-2"], suite.gateways) {
            try suite.deploy("service", "stop", name)
            try await eventually { !balancer.sends(to: gateway) }
            try suite.deploy("service", "start", name)
            try await eventually { balancer.sends(to: gateway) }
        }
        try expectOrderlyEnds(suite, of: ["gateway", "gateway-2"])
    }

    private func withBalancer(_ body: (RunningSuite, Balancer) async throws -> Void) async throws {
        let suite = try RunningSuite(gateways: 2, settings: ["SHUTDOWN_DELAY=1s", "PUBLIC_H2C=true"])
        let balancer = try await Balancer(suite.gateways)
        try await eventually { suite.gateways.allSatisfy { balancer.sends(to: $0) } }
        try await body(suite, balancer)
        await balancer.stop()
    }

    @Test("gateways behind a balancer restarted one after the other lose no request")
    func gateways() async throws {
        try await withBalancer { suite, balancer in
            let tally = try await underLoad(errands(suite, through: PlainHTTP(port: balancer.port))) { _ in
                try await restartGateways(suite, behind: balancer)
            }
            #expect(tally.failures.isEmpty)
            #expect(tally.repeated == 0)
        }
    }

    @Test("HTTP/2 callers are told to come by another connection, and lose no request")
    func gatewaysByHTTP2() async throws {
        try await withBalancer { suite, balancer in
            let address = try #require(HostPort("127.0.0.1:\(balancer.port)"))
            let upstream = try await Upstream(
                name: "gateway", addresses: [address], configuration: HTTP2Configuration(),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "callers"))
            let running = Task { try await upstream.run() }
            let client = InternalClient(upstream: upstream, key: InternalKey("a caller has none of ours"))
            let isOver = Flag()
            let callers = (0..<8).map { _ in
                Task {
                    var statuses: [Int] = []
                    while !isOver.isRaised {
                        let origin = InternalClient.Origin.process("test")
                        let answer = try await client.send(
                            .get, "/api/v1/echo", body: nil, for: origin, timeout: .seconds(60))
                        statuses.append(answer.status)
                    }
                    return statuses
                }
            }
            try await restartGateways(suite, behind: balancer)
            isOver.raise()
            for caller in callers {
                let statuses = try await caller.value
                #expect(!statuses.isEmpty)
                #expect(statuses.allSatisfy { $0 == 200 })
            }
            running.cancel()
        }
    }

    @Test("a process that is not ready yet calls no good token bad")
    func starting() async throws {
        let suite = try RunningSuite()
        let tokens = try Person(suite).login()
        try suite.deploy("service", "stop", "postgres")
        try suite.deploy("service", "restart", "token")
        for _ in 0..<3 {
            let answer = try suite.refresh(tokens.refresh)
            #expect(answer.status == 503)
            #expect(answer.header("retry-after") != nil)
        }
        try suite.deploy("service", "start", "postgres")
        try await eventually { try suite.refresh(tokens.refresh).status == 200 }
    }

    @Test("a gateway that is not ready yet says so, and does not deny what there is")
    func startingGateway() async throws {
        let suite = try RunningSuite()
        let tokens = try Person(suite).login()
        try suite.deploy("service", "stop", "postgres")
        try suite.deploy("service", "restart", "gateway")
        try await eventually { (try? suite.gateway.send("GET", "/health/liveness").status) == 200 }
        for answer in [try suite.refresh(tokens.refresh), try suite.me(tokens.access)] {
            #expect(answer.status == 503)
            #expect(answer.header("retry-after") != nil)
        }
        #expect(try suite.gateway.send("GET", "/health/readiness").status == 503)
        try suite.deploy("service", "start", "postgres")
        try await eventually { try suite.refresh(tokens.refresh).status == 200 }
    }

    @Test("while one token instance hangs the others answer, and what it was asked is not lost")
    func hanging() async throws {
        let suite = try RunningSuite(tokens: 3)
        let errands = (0..<8).map { _ in Reading(door: suite.gateway, path: "/api/v1/echo") }
        let tally = try await underLoad(errands) { answered in
            let process = try suite.suspend("token-2")
            defer { process.signal(SIGCONT) }
            let before = answered()
            try await eventually { answered() >= before + 300 }
        }
        #expect(tally.failures.isEmpty)
        #expect(tally.repeated == 0)
    }
}
