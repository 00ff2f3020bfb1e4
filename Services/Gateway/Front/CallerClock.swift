import NIOCore

/// How long an HTTP/1.1 connection has waited for its caller.
struct CallerClock {
    /// What it waits for.
    enum Wait {
        /// The next request, or the rest of its head.
        case request
        /// The rest of a body, unless the caller is kept from sending it.
        case body(isPaused: Bool)
        /// Nothing that is the caller's to do, but to take his answer.
        case nothing
    }

    enum Verdict: Equatable {
        case patient
        /// The body comes too slowly.
        case slowBody
        /// The connection has had its time.
        case over
    }

    private var idleSince = NIODeadline.now()
    /// When a head began to come; the first one is waited for from the start.
    private var headSince: NIODeadline? = .now()
    /// When the last answer was written, whole.
    private var overSince: NIODeadline?
    private var bodyPace = BodyPace()
    private var sendingPace = SendingPace()
    private var isBetween = true
    private var drainingSince: NIODeadline?

    /// Whether the last answer was written.
    var isOver: Bool { overSince != nil }

    /// Bytes came.
    mutating func arrived() { if isBetween, headSince == nil { headSince = .now() } }

    /// The process is about to end: a request that is under way to us now is still taken, a later one is not.
    mutating func drains() { if drainingSince == nil { drainingSince = .now() } }

    /// A head is there.
    mutating func begins() {
        headSince = nil
        isBetween = false
    }

    mutating func bodyBegins() { bodyPace = BodyPace() }

    /// Bytes of a body came.
    mutating func came(_ count: Int) { bodyPace.came(count) }

    /// The request was answered, and another may follow.
    mutating func ends() {
        idleSince = .now()
        isBetween = true
    }

    /// The request was answered, and no other may follow.
    mutating func over() { overSince = .now() }

    /// - Parameters:
    ///   - waiting: Bytes written that the caller has not taken.
    ///   - written: All bytes that were written.
    mutating func judge(
        _ wait: Wait, _ now: NIODeadline, waiting: Int, written: Int, _ limits: FrontLimits
    ) -> Verdict {
        if sendingPace.isStalled(now, waiting: waiting, written: written, limits) { return .over }
        if let overSince, now - overSince >= limits.linger { return .over }
        switch wait {
        case .request:
            let isLate = headSince.map { now - $0 >= limits.head } ?? isIdle(now, limits)
            return isLate && waiting == 0 ? .over : .patient
        case .body(let isPaused):
            return bodyPace.isTooSlow(now, isPaused: isPaused, limits) ? .slowBody : .patient
        case .nothing: return .patient
        }
    }

    private func isIdle(_ now: NIODeadline, _ limits: FrontLimits) -> Bool {
        if let drainingSince { return now - max(idleSince, drainingSince) >= limits.farewell }
        return now - idleSince >= limits.idle
    }
}
