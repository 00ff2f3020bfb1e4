import NIOCore

/// How long the gateway waits for a caller (SECURITY 5.5). Services have the time limits of their routes.
struct FrontLimits: Sendable {
    /// For a request's head, from its first byte; on a new connection from the start.
    var head = TimeAmount.seconds(10)
    /// The time over which a body has to come at `bodyFloor` at least.
    var body = TimeAmount.seconds(30)
    /// Bytes a second.
    var bodyFloor = 1 << 10
    /// Between two requests.
    var idle = TimeAmount.seconds(60)
    /// Between two requests, once the process is about to end.
    var farewell = TimeAmount.milliseconds(500)
    /// For a caller who takes nothing of his answer.
    var reading = TimeAmount.seconds(30)
    /// For a caller who was answered early to notice, before the connection is closed under what he sends.
    var linger = TimeAmount.seconds(2)
    /// For the TLS handshake.
    var handshake = TimeAmount.seconds(5)
    /// How often all this is looked at, and so how late it may come.
    var interval = TimeAmount.milliseconds(500)
}

/// Whether a body comes fast enough.
struct BodyPace {
    private var since = NIODeadline.now()
    private var bytes = 0

    mutating func came(_ count: Int) { bytes += count }

    /// - Parameter isPaused: Whether the caller is kept from sending, which is not his fault.
    mutating func isTooSlow(_ now: NIODeadline, isPaused: Bool, _ limits: FrontLimits) -> Bool {
        let elapsed = now - since
        guard isPaused || elapsed >= limits.body else { return false }
        let least = Int64(limits.bodyFloor) * elapsed.nanoseconds / 1_000_000_000
        if !isPaused, bytes < least { return true }
        since = now
        bytes = 0
        return false
    }
}

/// Whether bytes that wait to be sent are taken at all.
struct SendingPace {
    private var since = NIODeadline.now()
    private var waiting = 0
    private var written = 0

    /// - Parameters:
    ///   - waiting: Bytes that wait now.
    ///   - written: Bytes that were ever added to them.
    mutating func isStalled(_ now: NIODeadline, waiting: Int, written: Int, _ limits: FrontLimits) -> Bool {
        if waiting == 0 || waiting != self.waiting || written != self.written {
            since = now
            self.waiting = waiting
            self.written = written
            return false
        }
        return now - since >= limits.reading
    }
}
