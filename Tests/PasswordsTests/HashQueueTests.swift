import Glibc
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Passwords

@Suite("The queue for hashes", .timeLimit(.minutes(5)))
struct HashQueueTests {
    private static let longTime = TimeAmount.hours(1)

    /// Callers on one thread, who are numbered as they come.
    private final class Line: Sendable {
        let queue: HashQueue
        private let gate = NIOLockedValueBox(false)
        private let answered = NIOLockedValueBox<[Int]>([])
        private let seen = NIOLockedValueBox<[Int: [Int]]>([:])

        init(patience: TimeAmount) {
            queue = HashQueue(workers: 1, patience: patience)
        }

        /// Has so many come while the first is at work; then lets all be done.
        /// - Parameters:
        ///   - unusual: Whose work takes longer than most.
        ///   - expected: For some the number of answers that their work waits for.
        /// - Returns: For each who had been answered when their work was done.
        func run(_ count: Int, unusual: Set<Int> = [], waitingFor expected: [Int: Int] = [:]) async -> [Int: [Int]] {
            await withTaskGroup { group in
                for number in 0..<count {
                    group.addTask { await self.call(number, unusual.contains(number), expected[number] ?? 0) }
                    // One after the other, so that they stand in that order.
                    while self.queue.depth <= number { try? await Task.sleep(for: .microseconds(200)) }
                }
                self.gate.withLockedValue { $0 = true }
            }
            return seen.withLockedValue { $0 }
        }

        private func call(_ number: Int, _ isUnusual: Bool, _ expected: Int) async {
            _ = try? await queue.run(deadline: .distantFuture, isUsual: !isUnusual) {
                // Bounded, so that what never comes is a failure and not a thread that never ends.
                let end = NIODeadline.now() + .seconds(30)
                while !self.gate.withLockedValue({ $0 }) || self.answered.withLockedValue({ $0.count }) < expected,
                    NIODeadline.now() < end
                { usleep(200) }
                self.seen.withLockedValue { $0[number] = self.answered.withLockedValue { $0 } }
                return ((), false)
            }
            answered.withLockedValue { $0.append(number) }
        }
    }

    @Test("while several wait, results are handed over together, and before the last is begun")
    func together() async {
        let seen = await Line(patience: Self.longTime).run(5, waitingFor: [4: 4])
        #expect(seen[1] == [] && seen[2] == [] && seen[3] == [])
        #expect(seen[4].map(Set.init) == [0, 1, 2, 3])
    }

    @Test("one that waits by itself keeps nobody's result")
    func pair() async {
        #expect(await Line(patience: Self.longTime).run(2, waitingFor: [1: 1]) == [0: [], 1: [0]])
    }

    @Test("a result that has waited long enough is handed over, whoever waits")
    func patience() async {
        let seen = await Line(patience: .zero).run(4, waitingFor: [1: 1, 2: 2, 3: 3])
        #expect(seen == [0: [], 1: [0], 2: [0, 1], 3: [0, 1, 2]])
    }

    @Test("no result waits for work that takes longer than most")
    func unusual() async {
        let seen = await Line(patience: Self.longTime).run(5, unusual: [2], waitingFor: [2: 2, 4: 4])
        #expect(seen[1] == [])
        #expect(seen[2].map(Set.init) == [0, 1])
        #expect(seen[3].map(Set.init) == [0, 1])
    }

    @Test("whoever gives up, all others get their result", arguments: [1, 3])
    func cancelled(workers: Int) async {
        let queue = HashQueue(workers: workers, patience: Self.longTime)
        for _ in 0..<200 {
            let outcomes = await withTaskGroup(of: Result<Int, HashQueue.Refusal>.self) { group in
                for number in 0..<queue.capacity {
                    group.addTask {
                        do throws(HashQueue.Refusal) {
                            return .success(
                                try await queue.run(deadline: .distantFuture, isUsual: true) { (number, false) })
                        } catch {
                            return .failure(error)
                        }
                    }
                }
                if Bool.random() { await Task.yield() }
                group.cancelAll()
                return await group.reduce(into: []) { $0.append($1) }
            }
            for case .failure(let refusal) in outcomes { #expect(refusal == .abandoned) }
            #expect(queue.depth == 0)
        }
    }

    @Test("nothing is done for one who has gone already")
    func gone() async {
        let queue = HashQueue(workers: 1, patience: .zero)
        let works = NIOLockedValueBox(0)
        for _ in 0..<100 {
            let caller = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await queue.run(deadline: .distantFuture, isUsual: true) {
                    works.withLockedValue { $0 += 1 }
                    return ((), false)
                }
            }
            _ = await caller.result
        }
        #expect(works.withLockedValue { $0 } == 0)
        #expect(queue.depth == 0)
    }

    @Test("what comes when all places are taken is refused, and so is what comes too late")
    func refused() async throws {
        let queue = HashQueue(workers: 1, patience: .zero)
        await #expect(throws: HashQueue.Refusal.late) {
            try await queue.run(deadline: .now() - .seconds(1), isUsual: true) { ((), false) }
        }
        let gate = NIOLockedValueBox(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<queue.capacity {
                group.addTask {
                    try await queue.run(deadline: .distantFuture, isUsual: true) {
                        while !gate.withLockedValue({ $0 }) { usleep(200) }
                        return ((), false)
                    }
                }
            }
            while queue.depth < queue.capacity { try await Task.sleep(for: .microseconds(200)) }
            #expect(!queue.hasRoom())
            await #expect(throws: HashQueue.Refusal.full) {
                try await queue.run(deadline: .distantFuture, isUsual: true) { ((), false) }
            }
            gate.withLockedValue { $0 = true }
            try await group.waitForAll()
        }
        #expect(queue.hasRoom())
        #expect(queue.respite == .zero)
    }

    @Test("how long there is no room goes by what usual work has taken")
    func respite() async throws {
        let queue = HashQueue(workers: 1, patience: .zero)
        let gate = NIOLockedValueBox(true)
        let begun = NIOLockedValueBox(0)
        func run(_ isUsual: Bool, _ time: UInt32 = 0) async throws {
            try await queue.run(deadline: .distantFuture, isUsual: isUsual) {
                begun.withLockedValue { $0 += 1 }
                usleep(time)
                while !gate.withLockedValue({ $0 }) { usleep(200) }
                return ((), false)
            }
        }
        /// While so many wait.
        func respite(behind count: Int) async throws -> TimeAmount {
            gate.withLockedValue { $0 = false }
            begun.withLockedValue { $0 = 0 }
            return try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0...count { group.addTask { try await run(false) } }
                while queue.depth <= count || begun.withLockedValue({ $0 }) == 0 {
                    try await Task.sleep(for: .microseconds(200))
                }
                defer { gate.withLockedValue { $0 = true } }
                return queue.respite
            }
        }
        try await run(false, 100_000)
        // As long as there is nothing to go by, ten milliseconds each; half of those that wait are to be begun.
        #expect(try await respite(behind: 2) == .milliseconds(10))
        #expect(try await respite(behind: 4) == .milliseconds(20))
        try await run(true, 100_000)
        let slower = try await respite(behind: 2)
        #expect(slower > .milliseconds(20))
        #expect(try await respite(behind: 4) == .nanoseconds(slower.nanoseconds * 2))
    }
}
