import Logging
import NIOCore
import Synchronization

/// What a process knows of the instances of one upstream, from the requests of all its event loops and from its own
/// questions.
///
/// Good requests don't come here: an instance's successes are told only while failures stand to its account. What
/// changes a choice is told to the event loops, which then read the reports.
final class UpstreamHealth: Sendable {
    private struct Member {
        var circuit: Circuit
        /// Event loops that have a connection to it.
        var connections = 0
        /// What it said last; nil when it let the time of a question run out since, or was not asked since it was
        /// connected or ejected.
        var isReady: Bool?
        /// When it said that.
        var answeredAt = NIODeadline.uptimeNanoseconds(0)

        var report: InstanceReport {
            var report = InstanceReport(isSuspect: circuit.isSuspect)
            guard connections > 0 else { return report }
            switch circuit.state {
            case .closed: report.standing = isReady == true ? .ready : .notReady
            case .trial: report.standing = .trial
            case .open(let until):
                report.standing = .ejected
                // Nobody's request is risked on one that does not answer for itself.
                if isReady == true { report.trialDue = until }
            }
            return report
        }
    }

    let metrics: UpstreamMetrics
    private let policy: HealthPolicy
    private let logger: Logger
    private let clock: @Sendable () -> NIODeadline
    private let members = Mutex<[SocketAddress: Member]>([:])
    private let listener = Mutex<(@Sendable () -> Void)?>(nil)

    /// - Parameter logger: Names the upstream in its metadata.
    init(
        policy: HealthPolicy, metrics: UpstreamMetrics, logger: Logger,
        clock: @escaping @Sendable () -> NIODeadline = { .now() }
    ) {
        self.policy = policy
        self.metrics = metrics
        self.logger = logger
        self.clock = clock
    }

    /// Whom to tell when a report changes; nobody with nil.
    func tell(_ changed: (@Sendable () -> Void)?) { listener.withLock { $0 = changed } }

    /// How every instance stands.
    func reports() -> [SocketAddress: InstanceReport] { members.withLock { $0.mapValues(\.report) } }

    /// These and no others are the instances from now on.
    func setInstances(_ addresses: [SocketAddress]) {
        members.withLock { members in
            for address in members.keys where !addresses.contains(address) {
                members[address] = nil
                metrics.remove(address)
            }
            for address in addresses where members[address] == nil {
                members[address] = Member(circuit: Circuit(policy.circuit))
                metrics.add(address)
            }
        }
        tellListener()
    }

    // What the event loops tell

    /// One has a connection to it. True when it is the first: the instance should be asked whether it is ready.
    func connected(_ address: SocketAddress) -> Bool {
        var isFirst = false
        change(address) { member, _, _ in
            member.connections += 1
            isFirst = member.connections == 1
        }
        return isFirst
    }

    /// One's connection to it takes no more requests.
    func disconnected(_ address: SocketAddress) {
        change(address) { member, _, _ in
            member.connections -= 1
            if member.connections == 0 { member.isReady = nil }
        }
    }

    /// It said whether it is ready.
    func answered(_ address: SocketAddress, isReady: Bool) {
        change(address) { member, _, now in
            member.isReady = isReady
            member.answeredAt = now
        }
    }

    /// It did not say in time whether it is ready, which tells of a process that hangs sooner than its connections do.
    /// - Parameter time: When it was asked; one that has answered somebody else since does not hang.
    func leftUnanswered(_ address: SocketAddress, askedAt time: NIODeadline) {
        change(address) { member, members, _ in
            guard member.answeredAt <= time, member.report.standing != .ready || Self.mayDoubt(members) else { return }
            member.isReady = nil
        }
    }

    /// A request was answered by one that is suspect.
    func succeeded(_ address: SocketAddress) {
        change(address) { member, _, now in member.circuit.succeeded(at: now) }
    }

    /// A request failed.
    func failed(_ address: SocketAddress, _ failure: InstanceFailure) {
        var ejected: (before: Circuit, after: Circuit)?
        change(address) { member, members, now in
            guard member.circuit.failed(at: now), member.connections > 0, Self.mayEject(members) else { return }
            let before = member.circuit
            member.circuit.open(at: now)
            member.isReady = nil
            ejected = (before, member.circuit)
        }
        guard let (before, after) = ejected else { return }
        metrics.ejected()
        logger.notice(
            "upstream instance ejected",
            metadata: [
                "address": "\(address.text)", "reason": "\(failure.rawValue)",
                "failures_in_a_row": "\(before.consecutive)", "failures": "\(before.window.failures)",
                "requests": "\(before.window.requests)", "milliseconds": "\(after.pause.milliseconds)",
            ])
    }

    /// Whether the caller may try an ejected one with a request; if so, it has to say how that ended.
    func beginTrial(_ address: SocketAddress) -> Bool {
        var isBegun = false
        change(address) { member, _, now in
            isBegun = member.report.trialDue <= now && member.circuit.beginTrial(at: now)
        }
        return isBegun
    }

    /// The request that tried it was answered, or failed for that reason.
    func endTrial(_ address: SocketAddress, _ failure: InstanceFailure?) {
        var pause = TimeAmount.zero
        change(address) { member, _, now in
            member.circuit.endTrial(isAnswered: failure == nil, at: now)
            // Before the next trial it has to answer for itself again.
            if failure != nil { member.isReady = nil }
            pause = member.circuit.pause
        }
        guard let failure else {
            return logger.notice("upstream instance back in use", metadata: ["address": "\(address.text)"])
        }
        logger.info(
            "upstream instance stays ejected",
            metadata: [
                "address": "\(address.text)", "reason": "\(failure.rawValue)", "milliseconds": "\(pause.milliseconds)",
            ])
    }

    /// The request that tried it ended in a way that tells nothing of it.
    func abandonTrial(_ address: SocketAddress) {
        change(address) { member, _, now in member.circuit.abandonTrial(at: now) }
    }

    /// Whether one more may be ejected: at most half of those that can be reached.
    ///
    /// What requests show may be the requests' own fault, or trouble that all share; then the others would break down
    /// under what the ejected ones carried.
    private static func mayEject(_ members: [SocketAddress: Member]) -> Bool {
        let reachable = members.values.filter { $0.connections > 0 }
        let ejected = reachable.count { if case .closed = $0.circuit.state { false } else { true } }
        return (ejected + 1) * 2 <= reachable.count
    }

    /// Whether one less may be in use because it says nothing: as long as that leaves half of those that can be reached.
    /// Whatever makes them slow, the others are not to break down under it.
    private static func mayDoubt(_ members: [SocketAddress: Member]) -> Bool {
        let reports = members.values.map(\.report.standing)
        return (reports.count { $0 == .ready } - 1) * 2 >= reports.count { $0 != .unreachable }
    }

    private func change(
        _ address: SocketAddress, _ body: (inout Member, [SocketAddress: Member], NIODeadline) -> Void
    ) {
        let change = members.withLock { members -> (old: InstanceReport, new: InstanceReport)? in
            // An instance that is no more is not of interest.
            guard var member = members[address] else { return nil }
            let old = member.report
            body(&member, members, clock())
            members[address] = member
            let new = member.report
            if old.standing != new.standing { metrics.record(new.standing, of: address) }
            return old == new ? nil : (old, new)
        }
        guard let change else { return }
        if change.old.standing != change.new.standing {
            logger.debug(
                "upstream instance",
                metadata: [
                    "address": "\(address.text)", "was": "\(change.old.standing.rawValue)",
                    "is": "\(change.new.standing.rawValue)",
                ])
        }
        tellListener()
    }

    private func tellListener() { listener.withLock { $0 }?() }
}

extension TimeAmount {
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
