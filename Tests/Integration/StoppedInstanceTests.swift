import Dispatch
import GatehouseTesting
import Glibc
import Synchronization
import Testing

/// Callers that each send one request after the other, on threads of their own, until they are stopped.
private final class Callers: Sendable {
    private let isOver = Flag()
    private let group = DispatchGroup()
    private let taken = Mutex<[Int]>([])

    /// The statuses that have come so far; 0 where none came.
    var statuses: [Int] { taken.withLock { $0 } }

    init(_ count: Int, _ send: @escaping @Sendable () throws -> PlainHTTP.Answer) {
        for number in 0..<count {
            DispatchQueue(label: "caller-\(number)").async(group: group) {
                while !self.isOver.isRaised {
                    let status = (try? send().status) ?? 0
                    self.taken.withLock { $0.append(status) }
                }
            }
        }
    }

    /// Lets each of them get its last answer.
    func stop() async {
        isOver.raise()
        await withCheckedContinuation { continuation in
            group.notify(queue: .global()) { continuation.resume() }
        }
    }
}

@Suite("An instance that hangs", .serialized, .timeLimit(.minutes(5)))
struct StoppedInstanceTests {
    @Test("a token instance that is stopped holds up little, loses no request that may be repeated, and comes back")
    func stopped() async throws {
        let suite = try RunningSuite(tokens: 3)
        let port = (suite.ports["PORT_TOKEN"] ?? 0) + 10
        let operations = PlainHTTP(port: suite.ports["PORT_OPS"] ?? 0)
        /// The state that the gateway's metrics show for the second instance.
        func state() throws -> String? {
            let metrics = try operations.send("GET", "/metrics").body
            let line = metrics.split(separator: "\n").first {
                $0.hasPrefix(#"gatehouse_upstream_instance_state{address="127.0.0.1:\#(port)","#) && $0.hasSuffix(" 1")
            }
            return line?.split(separator: "state=\"").last.map { String($0.prefix { $0 != "\"" }) }
        }
        try await eventually { try state() == "ready" }

        let readers = Callers(6) { try suite.gateway.send("GET", "/api/v1/echo") }
        let writers = Callers(3) { try suite.form("/oauth2/token", "grant_type=none&client_id=gatehouse") }
        try await eventually { readers.statuses.count > 200 && writers.statuses.count > 100 }
        let process = try suite.processID("token-2")
        kill(process, SIGSTOP)
        defer { kill(process, SIGCONT) }
        let before = readers.statuses.count
        try await eventually { try state() == "unreachable" }
        #expect(readers.statuses.count > before + 100, "the others went on meanwhile")
        let stopped = (readers.statuses.count, writers.statuses.count)
        try await eventually { readers.statuses.count > stopped.0 + 200 && writers.statuses.count > stopped.1 + 100 }
        #expect(try state() == "unreachable", "it still takes connections, but says nothing on them")

        kill(process, SIGCONT)
        try await eventually { try state() == "ready" }
        let instance = PlainHTTP(port: port)
        /// How many requests of the readers the instance has answered.
        func answered() throws -> Int {
            let metrics = try instance.send("GET", "/metrics").body
            let line = metrics.split(separator: "\n").first {
                $0.hasPrefix(#"gatehouse_request_seconds_count{operation="echo"}"#)
            }
            return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
        }
        let first = try answered()
        try await eventually { try answered() > first + 50 }
        await readers.stop()
        await writers.stop()

        #expect(readers.statuses.allSatisfy { $0 == 200 }, "\(Set(readers.statuses))")
        // What may not be repeated is lost where it had been sent to the instance: at most one of each caller, as all event
        // loops know that it does not answer before the first of them gives its connection up.
        let lost = writers.statuses.filter { $0 != 400 }
        #expect(lost.allSatisfy { $0 == 503 })
        #expect(lost.count <= 3)
    }
}
