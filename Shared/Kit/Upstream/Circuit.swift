import NIOCore

/// Whether an instance's answers are good enough to send it requests: closed while they are, open after too many
/// failures, and then on trial with one request at a time.
///
/// No clock and no I/O: whoever holds it passes the time in.
struct Circuit: Sendable {
    /// How many failures are too many, and for how long.
    struct Limits: Sendable {
        /// Failures in a row.
        var consecutive = 5
        /// Longer than this apart, failures are not in a row.
        var gap = TimeAmount.seconds(30)
        /// Requests from which on a share is worth looking at.
        var requests = 20
        /// The least share of them, in percent, that is too large.
        var percentage = 50
        /// The time over which the share is taken; it begins with a failure.
        var window = TimeAmount.seconds(10)
        /// How long the circuit is open at first; each time that follows soon is twice as long.
        var pause = TimeAmount.seconds(1)
        /// How long it is open at most; closed for that long, it begins with the short pause again.
        var longestPause = TimeAmount.seconds(30)
    }

    enum State: Sendable, Equatable {
        /// In use.
        case closed
        /// Not in use until then, and then until one request is let through.
        case open(until: NIODeadline)
        /// One request is on its way, whose end decides.
        case trial
    }

    private(set) var state = State.closed
    /// Failures since the last success.
    private(set) var consecutive = 0
    /// Requests in the window, and failures among them.
    private(set) var window = (requests: 0, failures: 0)
    /// How long it is or was open the last time.
    private(set) var pause = TimeAmount.zero
    private let limits: Limits
    private var windowEnd = NIODeadline.uptimeNanoseconds(0)
    private var lastFailure = NIODeadline.uptimeNanoseconds(0)
    private var closedSince = NIODeadline.uptimeNanoseconds(0)

    init(_ limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Whether failures stand to its account. Until then, successes need not be told.
    var isSuspect: Bool { consecutive > 0 || window.failures > 0 }

    /// A request was answered.
    mutating func succeeded(at now: NIODeadline) {
        guard case .closed = state, isSuspect else { return }
        consecutive = 0
        if now < windowEnd { window.requests += 1 } else { window = (0, 0) }
    }

    /// A request failed. True when there were too many, so that it should be opened.
    mutating func failed(at now: NIODeadline) -> Bool {
        guard case .closed = state else { return false }
        if now - lastFailure > limits.gap { consecutive = 0 }
        if now >= windowEnd {
            window = (0, 0)
            windowEnd = now + limits.window
        }
        lastFailure = now
        consecutive += 1
        window = (window.requests + 1, window.failures + 1)
        return consecutive >= limits.consecutive
            || window.requests >= limits.requests && window.failures * 100 >= window.requests * limits.percentage
    }

    /// Takes it out of use for a while.
    mutating func open(at now: NIODeadline) {
        let isSoon = pause > .zero && now - closedSince < limits.longestPause
        pause = isSoon ? min(pause * 2, limits.longestPause) : limits.pause
        state = .open(until: now + pause)
        consecutive = 0
        window = (0, 0)
    }

    /// Lets a request through when it is time and none is on its way; true for the one that may go.
    mutating func beginTrial(at now: NIODeadline) -> Bool {
        guard case .open(let until) = state, now >= until else { return false }
        state = .trial
        return true
    }

    /// The request that was let through was answered, or failed.
    mutating func endTrial(isAnswered: Bool, at now: NIODeadline) {
        guard case .trial = state else { return }
        guard isAnswered else {
            pause = min(pause * 2, limits.longestPause)
            state = .open(until: now + pause)
            return
        }
        state = .closed
        closedSince = now
    }

    /// The request that was let through came to an end that tells nothing; another one may go.
    mutating func abandonTrial(at now: NIODeadline) {
        if case .trial = state { state = .open(until: now) }
    }
}
