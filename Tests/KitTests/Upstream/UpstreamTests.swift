import HTTP2
import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Kit

/// Each with real servers; the shares they assert hold whatever the machine's speed.
@Suite("Instances of a service", .serialized, .timeLimit(.minutes(5)))
struct UpstreamTests {
    private static let internalError = TestInstance.Behaviour.resets(code: 2)
    /// So long a pause that no trial comes into a slow machine's count.
    private static let noTrials: @Sendable (inout HealthPolicy) -> Void = { $0.circuit.pause = .hours(1) }

    @Test("good instances share the load, and nothing fails")
    func good() async throws {
        try await withUpstream([.answers, .answers, .answers]) { test in
            await test.loadUntil(0..<3, have: 200)
        }
    }

    @Test("one that resets every stream gets five requests and is ejected")
    func resetting() async throws {
        try await withUpstream([.answers, Self.internalError, .answers], adjust: Self.noTrials) { test in
            var failures: [InternalClient.Failure] = []
            while test.standing(1) == .ready { failures += await test.load(tasks: 1, requests: 10) }
            failures += await test.load(tasks: 1, requests: 100)
            #expect(failures == Array(repeating: .interrupted, count: 5))
            #expect(test.instances[1].counts.requests == 5)
            #expect(test.standing(1) == .ejected)
            #expect(test.metric("ejections_total") == 1)
        }
    }

    @Test("what may be repeated fails nobody", arguments: [TestInstance.Behaviour.resets(code: 2), .refuses, .closes])
    func repeated(_ behaviour: TestInstance.Behaviour) async throws {
        // Asked rarely: a machine that has no time for a good one's answer would leave only the bad one to be chosen.
        let rarely: (inout HealthPolicy) -> Void = { $0.interval = .seconds(30) }
        try await withUpstream([.answers, behaviour, .answers], adjust: rarely) { test in
            #expect(await test.load(.get, requests: 100).isEmpty)
            // Of what is lost with a connection, the instance has not seen all.
            let (retries, requests) = (test.metric("retries_total") ?? 0, test.instances[1].counts.requests)
            #expect(behaviour == .closes ? retries >= requests : retries == requests)
            #expect(requests > 0)
        }
    }

    @Test("what was refused was not begun, and is repeated whatever it is")
    func refused() async throws {
        try await withUpstream([.refuses, .answers], adjust: Self.noTrials) { test in
            #expect(await test.load(.post).isEmpty)
            #expect(test.standing(0) == .ejected)
        }
    }

    @Test("resets for the request's own sake, and answers of any status, count against nobody", arguments: [1, 8, 0])
    func ownFault(_ code: UInt32) async throws {
        let behaviour: TestInstance.Behaviour = code == 0 ? .unavailable : .resets(code: code)
        try await withUpstream([.answers, behaviour]) { test in
            _ = await test.load()
            #expect(test.standing(1) == .ready)
            #expect(test.metric("ejections_total") == 0)
        }
    }

    @Test("that it answers for itself does not make up for requests that fail")
    func answersForItself() async throws {
        try await withUpstream([Self.internalError, .answers], adjust: { $0.interval = .milliseconds(20) }) { test in
            while test.standing(0) == .ready {
                let questions = test.instances[0].counts.questions
                while test.instances[0].counts.questions < questions + 2 {
                    try await Task.sleep(for: .milliseconds(5))
                }
                _ = await test.load(tasks: 1, requests: 1)
            }
            #expect(test.instances[0].counts.requests == 5)
        }
    }

    @Test("a connection that is lost counts once, however much was open on it")
    func lostOnce() async throws {
        try await withUpstream([.never, .never]) { test in
            async let failures = test.load(.get, tasks: 30, requests: 1)
            while test.instances.map(\.counts.open).reduce(0, +) < 30 { try await Task.sleep(for: .milliseconds(5)) }
            for instance in test.instances { instance.change { $0.behaviour = .answers } }
            await test.instances[0].hangUp()
            test.instances[1].release()
            #expect(await failures.isEmpty)
            try await test.until(0, is: .ready)
            #expect(test.metric("ejections_total") == 0)
            #expect(test.metric("retries_total") == test.instances[0].counts.mostOpen)
        }
    }

    @Test("what an instance refuses because it goes away at once is repeated and does not count against it")
    func goesAtOnce() async throws {
        let leaver = try await LeavingInstance()
        // Asked once, when it is connected: a question would make it leave before the requests come.
        try await withUpstream([.answers], others: [leaver.address], adjust: { $0.interval = .seconds(600) }) { test in
            while !test.upstream.standings.values.allSatisfy({ $0 == .ready }) {
                try await Task.sleep(for: .milliseconds(5))
            }
            leaver.leave()
            #expect(await test.load(tasks: 60, requests: 1).isEmpty)
            #expect(test.metric("retries_total") ?? 0 > 0)
            #expect(test.metric("ejections_total") == 0)
        }
        await leaver.stop()
    }

    @Test("one that goes away in order fails nobody and is not ejected")
    func goesAway() async throws {
        try await withUpstream([.answers, .answers]) { test in
            let over = NIOLockedValueBox(false)
            async let failures = withTaskGroup(of: [InternalClient.Failure].self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var failures: [InternalClient.Failure] = []
                        while !over.withLockedValue({ $0 }) { failures += await test.load(tasks: 2, requests: 20) }
                        return failures
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            while test.instances[0].counts.requests < 500 { try await Task.sleep(for: .milliseconds(5)) }
            await test.instances[0].drain()
            try await test.until(0, is: .unreachable)
            over.withLockedValue { $0 = true }
            #expect(await failures == [])
            #expect(test.metric("ejections_total") == 0)
        }
    }

    @Test("one that never answers holds no more than its share, and is ejected when time is up")
    func silent() async throws {
        try await withUpstream([.answers, .never, .answers]) { test in
            let failures = await test.load(tasks: 6, requests: 30, timeout: .seconds(1))
            #expect(failures.allSatisfy { $0 == .timeout })
            #expect(test.instances[1].counts.requests == failures.count)
            // Five in a row, and what was under way when the fifth ended.
            #expect(failures.count <= 5 + 6)
            try await test.until(1, is: .ejected)
        }
    }

    @Test("a slow one gets few requests, though it is not broken")
    func slow() async throws {
        let behaviours = [TestInstance.Behaviour.answers, .answersAfter(.milliseconds(500)), .answers]
        try await withUpstream(behaviours, adjust: { $0.interval = .seconds(2) }) { test in
            #expect(await test.load(tasks: 16, requests: 100).isEmpty)
            let slow = test.instances[1].counts
            #expect(slow.requests < 1600 / 20, "\(slow.requests) of 1600")
            #expect(test.standing(1) == .ready)
        }
    }

    @Test("one that says it is not ready gets nothing new while another is ready")
    func draining() async throws {
        try await expectLeftOut(while: 503)
    }

    @Test("one that leaves a question unanswered gets nothing new until it has answered one")
    func hanging() async throws {
        try await expectLeftOut(while: nil) {
            $0.circuit.consecutive = .max
            $0.circuit.requests = .max
        }
    }

    /// Of two instances one gets nothing new while this is its answer to the question whether it is ready.
    private func expectLeftOut(
        while readiness: Int?, adjust: (inout HealthPolicy) -> Void = { _ in }
    ) async throws {
        try await withUpstream([.answers, .answers], adjust: adjust) { test in
            test.instances[0].change { $0.readiness = readiness }
            try await test.until(0, is: .notReady)
            try await test.settle()
            let before = test.instances[0].counts.requests
            #expect(await test.load().isEmpty)
            #expect(test.instances[0].counts.requests == before)
            test.instances[0].change { $0.readiness = 200 }
            try await test.until(0, is: .ready)
            await test.loadUntil(0..<2, have: 100)
        }
    }

    @Test("when none is ready, all are used")
    func noneReady() async throws {
        try await withUpstream([.answers, .answers]) { test in
            for index in 0...1 {
                test.instances[index].change { $0.readiness = 503 }
                try await test.until(index, is: .notReady)
            }
            await test.loadUntil(0..<2, have: 100)
        }
    }

    @Test("when all break down, all are still tried")
    func allBad() async throws {
        try await withUpstream([Self.internalError, Self.internalError, Self.internalError]) { test in
            #expect(await test.load().count == 400)
            #expect(test.metric("ejections_total") == 1)
            for instance in test.instances { instance.change { $0.behaviour = .answers } }
            #expect(await test.load().isEmpty)
            for index in 0..<3 {
                while test.standing(index) != .ready { _ = await test.load(.get, tasks: 1, requests: 10) }
            }
        }
    }

    @Test("the only instance is used whatever becomes of its requests")
    func single() async throws {
        try await withUpstream([Self.internalError]) { test in
            #expect(await test.load(requests: 5).count == 40)
            #expect(test.instances[0].counts.requests == 40)
            #expect(test.standing(0) == .ready)
        }
    }

    @Test("an ejected one is tried by one request at a time until one is answered")
    func trial() async throws {
        let quick: (inout HealthPolicy) -> Void = { $0.circuit.pause = .milliseconds(100) }
        try await withUpstream([.answers, Self.internalError], adjust: quick) { test in
            while test.standing(1) != .ejected { _ = await test.load(tasks: 1, requests: 1) }
            test.instances[1].change { $0.behaviour = .never }
            let before = test.instances[1].counts.requests
            let waiting = Task {
                while test.instances[1].counts.requests == before { _ = await test.load(tasks: 1, requests: 1) }
            }
            try await test.until(1, is: .trial)
            // While the one that tries it waits, all others go elsewhere.
            #expect(await test.load().isEmpty)
            #expect(test.instances[1].counts.requests == before + 1)
            test.instances[1].change { $0.behaviour = .answers }
            test.instances[1].release()
            await waiting.value
            try await test.until(1, is: .ready)
            await test.loadUntil(0..<2, have: 100)
        }
    }

    @Test("when the caller of the request that tries it goes away, the next one tries it")
    func abandonedTrial() async throws {
        let quick: (inout HealthPolicy) -> Void = { $0.circuit.pause = .milliseconds(1) }
        try await withUpstream([.answers, Self.internalError], adjust: quick) { test in
            while test.standing(1) != .ejected { _ = await test.load(tasks: 1, requests: 1) }
            let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
            /// Begins a request and leaves; whether it was the one that tries the instance.
            func leave() async throws -> Bool {
                try await eventLoop.submit {
                    let connection = try #require(test.upstream.pool(on: eventLoop).connection())
                    let stream = try Nobody.asks(on: connection)
                    defer { connection.cancel(stream) }
                    return test.standing(1) == .trial
                }.get()
            }
            while try await !leave() { try await Task.sleep(for: .milliseconds(5)) }
            #expect(test.standing(1) == .ejected)
            #expect(try await leave())
            #expect(try await leave())
        }
    }

    @Test("nobody's request is risked on an ejected one that does not answer for itself")
    func noTrial() async throws {
        let quick: (inout HealthPolicy) -> Void = { $0.circuit.pause = .milliseconds(1) }
        try await withUpstream([.answers, Self.internalError], adjust: quick) { test in
            test.instances[1].change { $0.readiness = nil }
            while test.standing(1) != .ejected { _ = await test.load(tasks: 1, requests: 1) }
            let before = test.instances[1].counts.requests
            for _ in 0..<20 {
                #expect(await test.load(tasks: 2, requests: 10).isEmpty)
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(test.instances[1].counts.requests == before)
        }
    }

    @Test("one that leaves questions unanswered is ejected without any request")
    func unanswered() async throws {
        try await withUpstream([.answers, .answers], adjust: { $0.patience = .milliseconds(50) }) { test in
            test.instances[0].change { $0.readiness = nil }
            try await test.until(0, is: .ejected)
        }
    }

    @Test("each is asked once for the whole process, however many event loops there are")
    func questions() async throws {
        try await withUpstream([.answers], adjust: { $0.interval = .seconds(600) }) { test in
            #expect(test.instances[0].counts.questions == 1)
            for turn in 1...10 {
                await test.upstream.ask(turn: turn)
                while test.instances[0].counts.questions <= turn { try await Task.sleep(for: .milliseconds(1)) }
                try await test.settle()
            }
            #expect(test.instances[0].counts.questions == 11)
        }
    }

    @Test("no more requests are open at an instance than the limit; those beyond wait for their turn")
    func limit() async throws {
        let behaviour = TestInstance.Behaviour.answersAfter(.milliseconds(5))
        try await withUpstream([behaviour, behaviour], limit: 3) { test in
            // The question whether it is ready takes a place, too.
            #expect(await test.load(tasks: 40, requests: 10).isEmpty)
            let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator()).count
            #expect(test.instances.allSatisfy { $0.counts.mostOpen <= 3 * loops })
            #expect(test.instances.allSatisfy { $0.counts.mostOpen >= 2 })
        }
    }

    @Test("one that is gone is unreachable, and found when it is back")
    func gone() async throws {
        try await withUpstream([.answers, .answers]) { test in
            await test.instances[0].stop()
            try await test.until(0, is: .unreachable)
            #expect(await test.load().isEmpty)
            while test.metric("connect_failures_total") == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let again = try await TestInstance(port: test.instances[0].address.port)
            try await test.until(0, is: .ready)
            while again.counts.requests < 100 { #expect(await test.load().isEmpty) }
            await again.stop()
        }
    }
}
