import FoundationEssentials
import GatehouseTesting
import Glibc
import NIOPosix
import Synchronization
import Testing

/// Valid requests, broken at random and sent over real sockets: what comes back, and what goes on, has to be what a
/// second and strict reader finds in the same bytes.
@Suite("Broken requests over real sockets", .timeLimit(.minutes(3)))
struct HTTP1FuzzTests {
    /// Connections in each of the runs.
    private static let rounds = 1200
    private static let callers = 4
    /// What may be answered: nothing of it says that the gateway or what is behind it is at fault.
    private static let statuses: Set = [200, 400, 404, 413, 414, 417, 431, 501, 505]

    /// What went out and what was wrong.
    private final class Findings: Sendable {
        struct State {
            var whole: [StrictRequests.Request: Int] = [:]
            var open: [StrictRequests.Request] = []
            var complaints: [String] = []
            var answered = 0
            var refused = 0
        }

        let state = Mutex(State())
    }

    private let origin: RecordingOrigin
    private let suite: RunningSuite
    private let seed: UInt64

    init() throws {
        origin = try RecordingOrigin()
        let file = "/tmp/gatehouse-routes-\(getpid())-\(uniqueName()).json"
        let table = try OperatorUpstreamTests.table(
            #""fuzzed":{"url":"http://127.0.0.1:\#(origin.port)"}"#,
            #"""
            {"prefix":"/fuzz","service":"fuzzed","auth":"none"},
            {"prefix":"/fuzz/small","service":"fuzzed","auth":"none","body_limit":30}
            """#)
        try Data(table.utf8).write(to: URL(filePath: file))
        defer { unlink(file) }
        suite = try RunningSuite(settings: ["ROUTES_FILE=\(file)", "ACCESS_LOG=off"])
        let given = ProcessInfo.processInfo.environment["GATEHOUSE_FUZZ_SEED"].flatMap { UInt64($0) }
        seed = given ?? UInt64.random(in: 0..<1_000_000)
    }

    @Test("they smuggle nothing, are answered one by one or not at all, and leave nothing behind")
    func fuzz() async throws {
        print("GATEHOUSE_FUZZ_SEED=\(seed)")
        let findings = Findings()
        try await run(0, findings)
        let before = try await resting()
        try await run(1, findings)
        let after = try await resting()

        findings.state.withLock { state in
            for complaint in state.complaints.prefix(5) { Issue.record("seed \(seed), \(complaint)") }
            // Not all may be refused, nor all be taken, or nothing is shown.
            #expect(state.answered > Self.rounds)
            #expect(state.refused > Self.rounds / 4)
            compare(origin.record, state)
        }
        #expect(try suite.gateway.send("GET", "/health").status == 200)
        #expect(after.descriptors == before.descriptors)
        #expect(after.threads <= before.threads)
        // Each of our own services may be asked for its readiness right now.
        #expect(after.requests <= 3)
        #expect(after.memory - before.memory < 3 << 19, "\(before.memory) \(after.memory)")
    }

    /// Several callers at once, each with mutants of its own.
    private func run(_ turn: Int, _ findings: Findings) async throws {
        let threads = NIOThreadPool(numberOfThreads: Self.callers)
        threads.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<Self.callers {
                group.addTask { [seed, suite] in
                    try await threads.runIfActive {
                        let name = "\(turn)-\(caller)"
                        let own = seed &* 64 &+ UInt64(turn * Self.callers + caller)
                        var mutation = Mutation(random: Randomness(seed: own))
                        var other = mutation.pipeline("\(name)-x")
                        for round in 0..<Self.rounds / Self.callers {
                            // What is wrong once may take its time each time.
                            if findings.state.withLock({ !$0.complaints.isEmpty }) { break }
                            let valid = mutation.pipeline("\(name)-\(round)")
                            try Self.call(suite.gateway, mutation.wreck(valid, with: other), &mutation, findings)
                            other = valid
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await threads.shutdownGracefully()
    }

    private static func call(
        _ gateway: PlainHTTP, _ bytes: [UInt8], _ mutation: inout Mutation, _ findings: Findings
    ) throws {
        let read = StrictRequests(bytes)
        findings.state.withLock { state in
            for request in read.whole { state.whole[request, default: 0] += 1 }
            if let open = read.open { state.open.append(open) }
        }
        var end = mutation.random.pick([Conversation.End.patient, .patient, .patient, .hasty, .gone])
        // Who waits for an answer to half a request waits long.
        if read.end == .partial, end == .patient { end = .hasty }
        let methods = (read.whole + (read.open.map { [$0] } ?? [])).map(\.method)
        let most = read.whole.count + (read.end == .between || read.end == .last ? 0 : 1)
        let conversation = try gateway.converse(mutation.cut(bytes), end) { received in
            guard read.end == .between else { return false }
            let answers = StrictAnswers(received, to: methods)
            return answers.isWhole && answers.answers.count >= most
        }
        guard end != .gone else { return }
        let complaint = complaint(conversation, StrictAnswers(conversation.received, to: methods), read, most, end)
        findings.state.withLock { state in
            if read.end == .fault { state.refused += 1 } else { state.answered += read.whole.count }
            guard let complaint else { return }
            let (sent, came) = (
                String(decoding: bytes, as: UTF8.self), String(decoding: conversation.received, as: UTF8.self)
            )
            state.complaints.append("\(complaint)\nsent \(sent.debugDescription)\ncame \(came.debugDescription)")
        }
    }

    /// What is wrong with the answers, if anything is.
    private static func complaint(
        _ conversation: Conversation, _ answers: StrictAnswers, _ read: StrictRequests, _ most: Int,
        _ end: Conversation.End
    ) -> String? {
        let all = answers.answers
        if !conversation.isEnded { return "the connection was not ended" }
        if !answers.isWhole { return "what came is no row of answers" }
        if all.count > most { return "\(all.count) answers to \(most) requests" }
        if let odd = all.first(where: { !statuses.contains($0.status) }) { return "status \(odd.status)" }
        if all.dropLast().contains(where: \.saysClose) { return "an answer behind the last one" }
        if end == .patient, all.count < most, all.last?.saysClose != true {
            return "\(all.count) answers to \(most) requests, and no word of the end"
        }
        if read.end == .fault, all.count == most {
            // Without a head that can be trusted, nothing is taken on; a broken body ends what was begun.
            if all.last?.status == 200 { return "what is no request was taken for one" }
            if all.last?.saysClose != true { return "the connection goes on behind what is no request" }
        }
        for (answer, request) in zip(all, read.whole) where answer.status == 200 {
            let expected = request.method == "HEAD" ? "" : RecordingOrigin.answer(to: request)
            if answer.body != expected { return "another request's answer: \(answer.body)" }
        }
        return nil
    }

    /// Expects that nothing went on but what a strict reader would have passed on, each no more than once.
    private func compare(_ record: RecordingOrigin.Record, _ sent: Findings.State) {
        #expect(record.faults.isEmpty)
        #expect(record.whole.count > Self.rounds / 2)
        for (request, count) in record.whole where count > sent.whole[request, default: 0] {
            Issue.record("seed \(seed), went on \(count) times: \(request)")
        }
        let known = sent.open + sent.whole.keys
        for request in record.open where !known.contains(where: { request.begins($0) }) {
            Issue.record("seed \(seed), begun: \(request)")
        }
    }

    private struct Footprint {
        /// Open ones, without the connections to the origin.
        var descriptors = 0
        var threads = 0
        /// Requests that are open at our own services.
        var requests = 0
        var memory = 0
    }

    /// What the gateway holds once no caller is there any more.
    private func resting() async throws -> Footprint {
        func read() throws -> Footprint {
            let lines = try PlainHTTP(port: suite.ports["PORT_OPS"] ?? 0).send("GET", "/metrics").body.split(
                separator: "\n")
            func sum(_ name: String) -> Int {
                lines.filter { $0.hasPrefix(name) }.compactMap { $0.split(separator: " ").last }.reduce(0) {
                    $0 + Int(Double($1) ?? 0)
                }
            }
            return Footprint(
                descriptors: sum("process_open_fds ") - origin.record.connections, threads: sum("process_threads "),
                requests: sum("gatehouse_upstream_open_requests"), memory: sum("process_resident_memory_bytes "))
        }
        // What is closed and what is noted of it are not one moment: twice the same is at rest.
        var last = try read()
        while true {
            try await Task.sleep(for: .milliseconds(700))
            let now = try read()
            if now.descriptors == last.descriptors { return now }
            last = now
        }
    }
}
