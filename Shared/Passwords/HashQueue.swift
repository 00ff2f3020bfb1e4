import Glibc
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Work of the hashing threads, first come first served, and bounded.
///
/// While more wait, what is done is handed over together with what is done next: a hash empties the processor's caches, and
/// whoever goes on behind one pays for filling them (docs/decisions/0017).
final class HashQueue: Sendable {
    /// Why something was not done.
    enum Refusal: Error {
        /// As many as there may be are under way or wait.
        case full
        /// A thread came free only after the deadline.
        case late
        /// The caller has gone.
        case abandoned
    }

    private struct Job {
        let number: UInt64
        let isUsual: Bool
        /// Does the work; what comes back hands the result over.
        let work: @Sendable () -> Delivery
        let abandon: Delivery
    }

    private typealias Delivery = @Sendable () -> Void

    private struct Done {
        let at: NIODeadline
        let deliver: Delivery
    }

    private struct State {
        var waiting = CircularBuffer<Job>()
        var underWay = 0
        var depth: Int { waiting.count + underWay }
        var numbered: UInt64 = 0
        /// Results that are held back.
        var done: [Done] = []
        /// How long usual work has taken of late, in nanoseconds, whatever else its core had to do.
        var usualTime: Int64 = 10_000_000

        mutating func takeDone() -> [Done] {
            defer { done = [] }
            return done
        }
    }

    /// How many jobs may be under way or wait.
    let capacity: Int
    private let workers: Int
    private let patience: TimeAmount
    private let pool: NIOThreadPool
    private let state = NIOLockedValueBox(State())
    private let metrics: HashMetrics

    /// A queue.
    /// - Parameters:
    ///   - workers: Threads.
    ///   - patience: How long a result is held back for others, and then for the one hash more that was begun before.
    init(workers: Int, patience: TimeAmount = .milliseconds(25)) {
        self.workers = workers
        capacity = workers * 5
        self.patience = patience
        metrics = HashMetrics(workers: workers, capacity: capacity)
        pool = NIOThreadPool(numberOfThreads: workers)
        pool.start()
    }

    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// Jobs under way or waiting.
    var depth: Int { state.withLockedValue { $0.depth } }

    /// How long it takes, at the pace of late, until half of those that wait have been begun.
    var respite: TimeAmount {
        .nanoseconds(state.withLockedValue { $0.usualTime * Int64($0.waiting.count) } / Int64(2 * workers))
    }

    /// Whether there is room now.
    func hasRoom() -> Bool {
        guard depth >= capacity else { return true }
        metrics.refused(.full)
        return false
    }

    /// Runs `work` on one of the threads.
    /// - Parameters:
    ///   - deadline: When it is no longer to be begun.
    ///   - isUsual: Whether it takes as long as most: for such a one the results of others may be held back.
    ///   - work: Tells with its result whether it used memory that is kept.
    func run<R: Sendable>(
        deadline: NIODeadline, isUsual: Bool, _ work: @escaping @Sendable () -> (result: R, inKeptMemory: Bool)
    ) async throws(Refusal) -> R {
        let number = state.withLockedValue { state in
            state.numbered += 1
            return state.numbered
        }
        let asked = NIODeadline.now()
        let outcome: Result<R, Refusal> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let job = Job(
                    number: number, isUsual: isUsual,
                    work: {
                        let outcome = self.measure(asked: asked, deadline: deadline, isUsual: isUsual, work)
                        return { continuation.resume(returning: outcome) }
                    },
                    abandon: {
                        self.metrics.abandoned()
                        continuation.resume(returning: .failure(.abandoned))
                    })
                guard append(job) else { return continuation.resume(returning: .failure(.full)) }
                // One who had gone before there was anything to remove.
                if Task.isCancelled, let job = remove(number) { return job.abandon() }
                pool.submit { _ in self.runNext() }
            }
        } onCancel: {
            remove(number)?.abandon()
        }
        if case .failure(.full) = outcome { metrics.refused(.full) }
        return try outcome.get()
    }

    private func append(_ job: Job) -> Bool {
        state.withLockedValue { state in
            guard state.depth < capacity else { return false }
            state.waiting.append(job)
            metrics.queued()
            return true
        }
    }

    private func remove(_ number: UInt64) -> Job? {
        state.withLockedValue { state in
            state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
        }
    }

    /// Once for each job on one of the threads; nothing is left for it where a caller has gone.
    private func runNext() {
        let (next, overdue) = state.withLockedValue { state in
            let next = state.waiting.popFirst()
            if next != nil { state.underWay += 1 }
            // What was held back waits for work of the usual length only.
            return (next, next?.isUsual == true ? [] : state.takeDone())
        }
        handOver(overdue)
        guard let next else { return }
        stepBack()
        let deliver = next.work()
        handOver(finish(Done(at: .now(), deliver: deliver)))
    }

    /// What is to be handed over now that one more is done.
    ///
    /// Something is held back only when a usual job waits, whose end asks again. And only when another waits behind that
    /// one: then the threads have work until those who are answered come back with more.
    private func finish(_ result: Done) -> [Done] {
        state.withLockedValue { state in
            state.underWay -= 1
            state.done.append(result)
            let isHeld =
                state.waiting.count > 1 && state.waiting.first?.isUsual == true
                && result.at < state.done[0].at + patience
            return isHeld ? [] : state.takeDone()
        }
    }

    private func handOver(_ results: [Done]) {
        guard !results.isEmpty else { return }
        let now = NIODeadline.now()
        for result in results {
            metrics.held(for: now - result.at)
            result.deliver()
        }
    }

    private func measure<R>(
        asked: NIODeadline, deadline: NIODeadline, isUsual: Bool, _ work: () -> (result: R, inKeptMemory: Bool)
    ) -> Result<R, Refusal> {
        let begun = NIODeadline.now()
        metrics.began(afterWaiting: begun - asked)
        guard begun < deadline else {
            metrics.ended(after: nil)
            metrics.refused(.late)
            return .failure(.late)
        }
        let (result, isKept) = work()
        let time = NIODeadline.now() - begun
        if isUsual { state.withLockedValue { $0.usualTime = ($0.usualTime * 7 + time.nanoseconds) / 8 } }
        metrics.ended(after: time)
        metrics.worked(inKeptMemory: isKept)
        return .success(result)
    }
}

/// Has this thread wait for others where the cores are all in use: a hash takes ten milliseconds, and whoever is refused, or
/// has signed in before, takes a fraction of one and should not wait for it.
private func stepBack() {
    // On Linux the priority of process 0 is the thread's own. Said again for each hash, which costs nothing beside it.
    _ = setpriority(thread, 0, niceness)
}

private let thread = Int32(PRIO_PROCESS.rawValue)

/// Five steps behind what the process was started with; less is never refused.
private let niceness = min(19, getpriority(thread, id_t(getpid())) + 5)
