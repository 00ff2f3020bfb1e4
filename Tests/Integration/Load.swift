import GatehouseTesting
import NIOPosix
import Synchronization
import Testing

/// What a caller wants again and again, one request after the other.
protocol Errand: Sendable {
    /// Whether a request may be sent once more when nothing came back (RFC 9110 section 9.2.2).
    var isRepeatable: Bool { get }
    func request() -> PlainHTTP.Request
    /// Takes the answer in; returns whether it is what was wanted.
    mutating func took(_ answer: PlainHTTP.Answer) -> Bool
}

/// Reads one thing over and over.
struct Reading: Errand {
    let door: PlainHTTP
    let path: String
    var headers: [String] = []

    var isRepeatable: Bool { true }
    func request() -> PlainHTTP.Request { door.request("GET", path, headers: headers, keepsAlive: true) }
    mutating func took(_ answer: PlainHTTP.Answer) -> Bool { answer.status == 200 }
}

/// Refreshes a session of its own, each time with the token that came last: one answer lost, and the chain is broken.
struct Rotating: Errand {
    let door: PlainHTTP
    var token: String

    var isRepeatable: Bool { false }

    func request() -> PlainHTTP.Request {
        door.request(
            "POST", "/api/v1/auth/refresh", body: #"{"refresh_token":"\#(token)"}"#, keepsAlive: true)
    }

    mutating func took(_ answer: PlainHTTP.Answer) -> Bool {
        guard answer.status == 200, let next = try? Tokens(answer.body) else { return false }
        token = next.refresh
        return true
    }
}

/// What became of the requests of some callers.
struct Tally: Sendable, CustomStringConvertible {
    var answered = 0
    /// Sent once more, because the connection ended before any of the answer came.
    var repeated = 0
    /// Those that did not get what they wanted: what they got instead.
    var failures: [String] = []

    var description: String { "\(answered) answered, \(repeated) repeated, failed: \(failures)" }
}

/// Callers who ask without pause, each on a connection of its own that stays open, while something else goes on.
/// - Parameter body: What goes on; it may ask how many answers there were so far.
/// - Returns: What became of their requests, once the body has come to its end and each has his last answer.
func underLoad(
    _ errands: [any Errand], while body: (_ answered: () -> Int) async throws -> Void
) async throws -> Tally {
    // A thread for each: their calls block.
    let threads = NIOThreadPool(numberOfThreads: errands.count)
    threads.start()
    let isOver = Flag()
    let answered = Counter()
    let callers = errands.map { errand in
        Task { try await threads.runIfActive { call(errand, until: isOver, answered) } }
    }
    let outcome: Result<Void, any Error>
    do {
        outcome = .success(try await body { answered.value })
    } catch {
        outcome = .failure(error)
    }
    isOver.raise()
    var tally = Tally()
    for caller in callers {
        let part = try await caller.value
        tally.answered += part.answered
        tally.repeated += part.repeated
        tally.failures += part.failures
    }
    try await threads.shutdownGracefully()
    try outcome.get()
    return tally
}

private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func increment() { count.add(1, ordering: .relaxed) }
}

private func call(_ errand: any Errand, until isOver: Flag, _ answered: Counter) -> Tally {
    var errand = errand
    var tally = Tally()
    let caller = PersistentHTTP()
    // Who is refused once goes no further: it would only say the same again.
    while !isOver.isRaised, tally.failures.isEmpty {
        let request = errand.request()
        var outcome = caller.send(request)
        if case .unanswered = outcome, errand.isRepeatable {
            tally.repeated += 1
            outcome = caller.send(request)
        }
        switch outcome {
        case .answered(let answer) where errand.took(answer):
            tally.answered += 1
            answered.increment()
        case .answered(let answer): tally.failures.append("\(answer.status) \(answer.body)")
        case .unanswered: tally.failures.append("no answer")
        case .broken(let reason): tally.failures.append(reason)
        }
    }
    return tally
}
