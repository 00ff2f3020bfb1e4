/// Decides whether a call is worth sending. It has no clock of its own: the owner says when the pause is over.
struct CircuitBreaker: Sendable {
    private enum State {
        case closed(failures: Int)
        case open
        /// The pause is over and a probe is on its way; calls are still refused.
        case halfOpen
    }

    let threshold: Int
    private var state = State.closed(failures: 0)

    init(threshold: Int) {
        self.threshold = max(1, threshold)
    }

    /// Whether calls may be sent.
    var isClosed: Bool {
        if case .closed = state { true } else { false }
    }

    /// An answer in time. While open, calls sent before are no proof: only the probe is.
    mutating func recordAnswer() {
        if case .closed(let failures) = state, failures > 0 { state = .closed(failures: 0) }
    }

    /// Returns true where these failures open the breaker.
    mutating func recordFailures(_ count: Int) -> Bool {
        guard case .closed(let failures) = state else { return false }
        guard failures + count >= threshold else {
            state = .closed(failures: failures + count)
            return false
        }
        state = .open
        return true
    }

    /// The pause is over.
    mutating func beginProbe() {
        if case .open = state { state = .halfOpen }
    }

    /// The probe failed: another pause.
    mutating func probeFailed() {
        if case .halfOpen = state { state = .open }
    }

    /// The server answered a probe, or a new connection's greeting.
    mutating func reset() {
        state = .closed(failures: 0)
    }
}
