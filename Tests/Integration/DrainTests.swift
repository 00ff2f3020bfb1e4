import GatehouseTesting
import Glibc
import Testing

/// What callers and balancers see of a gateway that was told to end.
@Suite("A gateway that ends", .timeLimit(.minutes(2)))
struct DrainTests {
    @Test("says so by its readiness, still takes connections for a while, and asks callers to leave with each answer")
    func steps() async throws {
        let suite = try RunningSuite(settings: ["SHUTDOWN_DELAY=8s"])
        func ask(_ caller: PersistentHTTP) throws -> PlainHTTP.Answer {
            let outcome = caller.send(suite.gateway.request("GET", "/api/v1/echo", keepsAlive: true))
            guard case .answered(let answer) = outcome else { throw ChildProcess.Failure("\(outcome)") }
            return answer
        }
        let faithful = PersistentHTTP()
        #expect(try ask(faithful).header("connection") == nil)
        #expect(try suite.gateway.send("GET", "/health/readiness").status == 200)

        let process = try suite.processID("gateway")
        kill(process, SIGTERM)
        try await eventually { try suite.gateway.send("GET", "/health/readiness").status == 503 }
        // Who has kept his connection is asked to leave it.
        let last = try ask(faithful)
        #expect(last.status == 200)
        #expect(last.header("connection") == "close")
        // Balancers take their time to look: until then new callers come.
        for _ in 0..<40 {
            let answer = try ask(PersistentHTTP())
            #expect(answer.status == 200)
            #expect(answer.header("connection") == "close")
        }
        #expect(try suite.gateway.send("GET", "/health/liveness").status == 200)
        #expect(try suite.gateway.send("GET", "/health/readiness").status == 503)
        // The delay over, it ends in order, and is started again.
        try await eventually { (try? suite.processID("gateway")) != process }
        try await eventually { (try? suite.gateway.send("GET", "/health/readiness").status) == 200 }
        let ends = try suite.logs().split(separator: "\n").filter { $0.contains(#""logger":"supervise""#) }
        #expect(ends.count == 1)
        #expect(ends.allSatisfy { $0.contains("ended with status 0") && $0.contains(#""gateway""#) }, "\(ends)")
    }
}
