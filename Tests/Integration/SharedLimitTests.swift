import FoundationEssentials
import GatehouseTesting
import Glibc
import NIOPosix
import Synchronization
import Testing

/// The limits of a route table as two gateways keep them together.
@Suite("Limits of two gateways", .serialized, .timeLimit(.minutes(5)))
struct SharedLimitTests {
    /// Of the strict policy, one of which returns in 12,000 s: none does while a test runs.
    private static let units = 30
    /// What each of the two lets through without Redis: half the units, divided by two.
    private static let share = units / 4

    /// Leased policies, with what they are asked for here: an answer that no service has to work for.
    enum Leased: String, CaseIterable {
        /// Decided by what may come at once.
        case busy
        /// Decided by what returns.
        case steady

        var path: String { self == .busy ? "/.well-known/jwks.json" : "/.well-known/oauth-authorization-server" }
        var burst: Double { self == .busy ? 600 : 120 }
        var unitsPerSecond: Double { self == .busy ? 10 : 30 }
        /// A test goes on until the policy has allowed so many.
        var enough: Double { self == .busy ? 600 : 360 }

        /// What it allows from the first request to the last.
        func allowance(_ time: Duration) -> Double { burst + unitsPerSecond * (time / .seconds(1)) }

        var text: String {
            #""\#(rawValue)": { "quota": \#(Int(60 * unitsPerSecond)), "window_seconds": 60, "burst": \#(Int(burst)), "kind": "leased" }"#
        }
    }

    private static func start(_ settings: [String] = []) throws -> RunningSuite {
        func limited(_ path: String, by policy: String) -> (String, String) {
            let route = #""prefix": "\#(path)","#
            return (route, #"\#(route) "limits": [{ "policy": "\#(policy)", "by": "address" }],"#)
        }
        let strict = #"{ "quota": \#(units), "window_seconds": 360000 }"#
        let changes =
            [
                (#""login": { "quota": 10, "window_seconds": 60 }"#, #""login": \#(strict)"#),
                (
                    #""policies": {"#,
                    #""policies": { "exact": \#(strict), \#(Leased.busy.text), \#(Leased.steady.text),"#
                ),
                limited("/api/v1/echo", by: "exact"),
            ] + Leased.allCases.map { limited($0.path, by: $0.rawValue) }
        var table = try ChildProcess.run(["cat", "\(RunningSuite.root)/deploy/routes.json"])
        for (old, new) in changes { table = table.replacing(old, with: new) }
        let file = "/tmp/gatehouse-routes-\(getpid())-\(uniqueName()).json"
        try Data(table.utf8).write(to: URL(filePath: file))
        defer { unlink(file) }
        return try RunningSuite(
            gateways: 2,
            settings: ["RATE_LIMITS=on", "TRUSTED_PROXIES=127.0.0.1/32", "ROUTES_FILE=\(file)"] + settings)
    }

    /// On a busy machine an answer of Redis may be late, and the decision be made without it.
    private static let patient = Result { try start(["REDIS_TIMEOUT=10s"]) }

    private static let addresses = Atomic(0)

    /// An address that no other test has.
    private func freshAddress() -> String {
        let number = Self.addresses.add(1, ordering: .relaxed).newValue
        return "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
    }

    /// Sends requests at once, to each of these gateways in turn; returns the answers.
    private func flood(
        _ gateways: [PlainHTTP], _ count: Int, from address: String, path: String = "/api/v1/echo"
    ) throws -> [PlainHTTP.Answer] {
        try PlainHTTP.burst(
            (0..<count).map { number in
                gateways[number % gateways.count].request("GET", path, headers: ["X-Forwarded-For: \(address)"])
            })
    }

    private func admitted(_ answers: [PlainHTTP.Answer]) -> Int { answers.count { $0.status == 200 } }

    @Test("a strict policy is exact, whatever comes at once through both")
    func exact() throws {
        let suite = try Self.patient.get()
        for _ in 0..<100 {
            let answers = try flood(suite.gateways, 3 * Self.units, from: freshAddress())
            let refused = answers.filter { $0.status == 429 }
            #expect(admitted(answers) == Self.units)
            #expect(refused.count == 2 * Self.units)
            for answer in refused {
                #expect(answer.header("ratelimit-policy") == #""exact";q=30;w=360000"#)
                #expect(answer.header("ratelimit")?.hasPrefix(#""exact";r=0;t="#) == true)
                let wait = try #require(answer.header("retry-after").flatMap { Int($0) })
                #expect((1...12_000).contains(wait))
            }
        }
    }

    @Test(
        "a leased policy offered three times what it allows admits that, within two per cent",
        arguments: Leased.allCases)
    func leased(_ policy: Leased) async throws {
        let suite = try Self.patient.get()
        let meter = Meter()
        let address = freshAddress()
        let errands = (0..<6).map { number in
            Offering(door: suite.gateways[number % 2], path: policy.path, address: address, meter: meter)
        }
        let tally = try await underLoad(errands) { _ in
            try await eventually {
                let allowance = policy.allowance(meter.longest)
                return allowance >= policy.enough && Double(meter.offered) >= 3 * allowance
            }
        }
        #expect(tally.failures.isEmpty)
        // The clock of the limits began to run between the first request and its answer, and was last looked at between
        // the last request and its answer.
        #expect(Double(meter.admitted) <= 1.02 * policy.allowance(meter.longest))
        #expect(Double(meter.admitted) >= 0.98 * policy.allowance(meter.shortest))
    }

    @Test("Redis killed midway: each gateway lets its share through; Redis back: exact again")
    func withoutRedis() async throws {
        let suite = try Self.start(["REDIS_TIMEOUT=10s"])
        for _ in 0..<5 {
            let (address, other) = (freshAddress(), freshAddress())
            #expect(try admitted(flood(suite.gateways, 10, from: address)) == 10)
            let underWay = Task {
                try await NIOThreadPool.singleton.runIfActive {
                    try flood(suite.gateways, 3 * Self.units, from: other)
                }
            }
            try suite.crash("redis")
            // What Redis admitted and could still tell, and at most both shares; where it could tell nothing, at least the
            // share of one.
            let midway = try await admitted(underWay.value)
            #expect((Self.share...(Self.units + 2 * Self.share)).contains(midway))

            for gateway in suite.gateways {
                // What Redis counted is not known any more.
                #expect(try admitted(flood([gateway], 45, from: address)) == Self.share)
                // Half of 600 by two, one unit each 0.4 s.
                let start = ContinuousClock.now
                let passed = try admitted(flood([gateway], 200, from: address, path: Leased.busy.path))
                let returned = Int((ContinuousClock.now - start) / .milliseconds(400)) + 1
                #expect((150...(150 + returned)).contains(passed))
                let readiness = try gateway.send("GET", "/health/readiness")
                #expect(readiness.status == 200)
                #expect(readiness.body.contains(#""status":"degraded""#))
            }

            try suite.deploy("service", "start", "redis")
            try await eventually { try suite.gateways.allSatisfy(isWhole) }
            #expect(try admitted(flood(suite.gateways, 3 * Self.units, from: freshAddress())) == Self.units)
        }
    }

    @Test("while Redis hangs logins are limited by each gateway alone, and requests do not wait for it")
    func hangingRedis() async throws {
        let suite = try Self.start()
        let tokens = try Person(suite).login()
        let redis = try suite.suspend("redis")
        defer { redis.signal(SIGCONT) }
        for (number, gateway) in suite.gateways.enumerated() {
            let address = freshAddress()
            let login = gateway.request(
                "POST", "/login", headers: ["X-Forwarded-For: \(address)"],
                body: #"{"username":"nobody","password":"x"}"#)
            let statuses = try (0..<100).map { _ in try PlainHTTP.burst([login])[0].status }
            #expect(statuses.count { $0 == 401 } == Self.share)
            #expect(statuses.count { $0 == 429 } == 100 - Self.share)
            #expect(try gateway.send("GET", "/api/v1/auth/me", headers: [tokens.bearer]).status == 200)
            // After the first few it is known that Redis does not answer.
            let late = try metric(#"gatehouse_redis_commands_total{outcome="timeout"}"#, of: number, suite)
            #expect((1...50).contains(late))
        }
        redis.signal(SIGCONT)
        try await eventually { try suite.gateways.allSatisfy(isWhole) }
    }

    private func isWhole(_ gateway: PlainHTTP) throws -> Bool {
        try gateway.send("GET", "/health/readiness").body.hasPrefix(#"{"status":"ok""#)
    }

    private func metric(_ series: String, of gateway: Int, _ suite: RunningSuite) throws -> Int {
        let operations = PlainHTTP(port: (suite.ports["PORT_OPS"] ?? 0) + 10 * gateway)
        let lines = try operations.send("GET", "/metrics").body.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix(series + " ") })
        return try #require(Int(line.dropFirst(series.count + 1)))
    }
}

/// Asks for one thing over and over, and takes a refusal for an answer.
private struct Offering: Errand {
    let door: PlainHTTP
    let path: String
    let address: String
    let meter: Meter

    var isRepeatable: Bool { true }

    func request() -> PlainHTTP.Request {
        meter.sends()
        return door.request("GET", path, headers: ["X-Forwarded-For: \(address)"], keepsAlive: true)
    }

    mutating func took(_ answer: PlainHTTP.Answer) -> Bool {
        meter.took(isAdmitted: answer.status == 200)
        return answer.status == 200 || answer.status == 429
    }
}

/// Counts what was offered and admitted, and over how long.
private final class Meter: Sendable {
    private struct State {
        var offered = 0
        var admitted = 0
        var firstSent: ContinuousClock.Instant?
        var firstAnswered: ContinuousClock.Instant?
        var lastSent = ContinuousClock.now
        var lastAnswered = ContinuousClock.now
    }

    private let state = Mutex(State())

    func sends() {
        state.withLock { state in
            state.lastSent = .now
            state.firstSent = state.firstSent ?? state.lastSent
        }
    }

    func took(isAdmitted: Bool) {
        state.withLock { state in
            state.lastAnswered = .now
            state.firstAnswered = state.firstAnswered ?? state.lastAnswered
            state.offered += 1
            state.admitted += isAdmitted ? 1 : 0
        }
    }

    var offered: Int { state.withLock(\.offered) }
    var admitted: Int { state.withLock(\.admitted) }
    /// From before the first request to after the last answer.
    var longest: Duration { state.withLock { $0.lastAnswered - ($0.firstSent ?? $0.lastAnswered) } }
    /// From after the first answer to before the last request.
    var shortest: Duration { state.withLock { max(.zero, $0.lastSent - ($0.firstAnswered ?? $0.lastSent)) } }
}
