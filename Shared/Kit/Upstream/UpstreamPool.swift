public import HTTP2
import Logging
public import NIOCore

/// The connections of one event loop to the instances of one service: one each, kept up, chosen among by load.
///
/// Lives on its event loop only.
public final class UpstreamPool {
    /// What it shares with the pools of the other event loops.
    struct Settings {
        let eventLoop: any EventLoop
        let configuration: HTTP2Configuration
        let health: UpstreamHealth
        /// How long an instance has to say whether it is ready.
        let patience: TimeAmount
        let logger: Logger
    }

    private let settings: Settings
    private var instances: [SocketAddress: UpstreamInstance] = [:]
    /// Those that requests are spread over.
    private var used: [UpstreamInstance] = []
    /// Those that are connected, but out of use until one request has tried them.
    private var ejected: [UpstreamInstance] = []
    private var waiters: CircularBuffer<Waiter> = []
    private var busy = BusyInstances()
    private var isShutDown = false

    private struct Waiter {
        let deadline: NIODeadline
        let resume: (HTTP2ClientConnection?) -> Void
    }

    /// What instances may have room for or not: requests of one method for one path.
    public struct Work: Hashable, Sendable {
        private let method: String
        private let path: String

        /// Such requests.
        public init(method: String, path: String) {
            self.method = method
            self.path = path
        }
    }

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// How many instances it has a connection to.
    var connectedCount: Int { instances.values.count { $0.isConnected } }

    /// Some time has passed: slow answers count for less. Returns how many requests each instance has open here.
    func turn() -> [SocketAddress: Int] {
        settings.eventLoop.preconditionInEventLoop()
        for instance in instances.values { instance.forget() }
        return instances.mapValues(\.openRequests)
    }

    /// The better of two random instances that can take a request now, or nil when there is none.
    /// - Parameters:
    ///   - failed: Where the same request was tried and failed: another instance is taken if there is one.
    ///   - work: What is asked for, where those that have no room for it are left out as long as another has.
    public func connection(
        after failed: HTTP2ClientConnection? = nil, for work: @autoclosure () -> Work? = nil
    ) -> HTTP2ClientConnection? {
        if let failed {
            settings.health.metrics.retried()
            return choose(except: failed) ?? choose()
        }
        if !ejected.isEmpty, let connection = trial() { return connection }
        if !busy.isEmpty(at: .now()), let work = work(), let connection = choose(for: work) { return connection }
        return choose()
    }

    /// An instance has no room for some work until then.
    public func note(_ connection: HTTP2ClientConnection, isBusyWith work: Work, until end: NIODeadline) {
        busy.insert(connection, work, until: end)
    }

    /// Whether a request would be sent in vain: those that could take it have said of late that they have no room for such.
    public func hasNoRoom(
        for work: @autoclosure () -> Work, at now: @autoclosure () -> NIODeadline = .now()
    ) -> Bool {
        guard !busy.isEmpty(at: now()) else { return false }
        let (work, now) = (work(), now())
        // One with all its streams in use has said nothing of this work.
        let able = used.compactMap(\.available)
        return !able.isEmpty && able.allSatisfy { busy.contains($0, work, at: now) }
    }

    /// A request was turned away because of that.
    public func turnedAway() { settings.health.metrics.turnedAway() }

    /// Calls back with a connection as soon as there is one, whoever is busy with what, or with nil at the deadline.
    public func whenConnected(by deadline: NIODeadline, _ resume: @escaping (HTTP2ClientConnection?) -> Void) {
        settings.eventLoop.preconditionInEventLoop()
        if let connection = connection() { return resume(connection) }
        // More waiters than could be served in a second after a reconnect are not worth their memory.
        guard !isShutDown, waiters.count < 4096 else { return resume(nil) }
        waiters.append(Waiter(deadline: deadline, resume: resume))
        if waiters.count == 1 { watchWaiters() }
    }

    func setInstances(_ addresses: [SocketAddress]) {
        settings.eventLoop.preconditionInEventLoop()
        guard !isShutDown else { return }
        for (address, instance) in instances where !addresses.contains(address) {
            instances[address] = nil
            instance.retire()
        }
        for address in addresses where instances[address] == nil {
            let instance = UpstreamInstance(address: address, pool: self, settings)
            instances[address] = instance
            instance.connect()
        }
        regroup()
    }

    /// Has an instance asked whether it is ready; false when it can't be asked from here.
    func ask(_ address: SocketAddress) -> Bool { instances[address]?.ask() ?? false }

    /// Looks anew at how the instances stand.
    func refresh() {
        settings.eventLoop.preconditionInEventLoop()
        for (address, report) in settings.health.reports() { instances[address]?.report = report }
        regroup()
    }

    /// Lets streams in flight finish and closes; new requests find no connection.
    func shutDown() {
        settings.eventLoop.preconditionInEventLoop()
        isShutDown = true
        for instance in instances.values { instance.retire() }
        instances.removeAll()
        regroup()
        while let waiter = waiters.popFirst() { waiter.resume(nil) }
    }

    /// Chooses whom requests are spread over: those that are ready; without any, all that are connected, because then
    /// the trouble is likely one that all share.
    func regroup() {
        let connected = instances.values.filter(\.isConnected)
        let ready = connected.filter { $0.report.standing == .ready }
        used = ready.isEmpty ? connected : ready
        ejected = connected.filter { $0.report.standing == .ejected || $0.trial == .reserved }
        freed()
    }

    /// An instance may be able to take more than before.
    func freed() {
        guard !waiters.isEmpty else { return }
        while let waiter = waiters.first, let connection = connection() {
            waiters.removeFirst()
            waiter.resume(connection)
        }
    }

    private func trial() -> HTTP2ClientConnection? {
        let now = NIODeadline.now()
        for instance in ejected {
            if let connection = instance.available, instance.mayBeTried(now) { return connection }
        }
        return nil
    }

    private func choose(except failed: HTTP2ClientConnection? = nil, for work: Work? = nil) -> HTTP2ClientConnection? {
        let now: NIODeadline = work == nil ? .distantPast : .now()
        func candidate(_ index: Int) -> HTTP2ClientConnection? {
            guard let connection = used[index].available, connection !== failed else { return nil }
            if let work, busy.contains(connection, work, at: now) { return nil }
            return connection
        }
        switch used.count {
        case 0: return nil
        case 1: return candidate(0)
        default:
            let (first, second) = Choice.two(of: used.count)
            switch (candidate(first), candidate(second)) {
            case (let one?, let other?): return used[first].load <= used[second].load ? one : other
            case (let one?, nil): return one
            case (nil, let other?): return other
            // Those two are full; one of the others may not be.
            case (nil, nil):
                for index in used.indices { if let connection = candidate(index) { return connection } }
                return nil
            }
        }
    }

    private func expire() {
        let now = NIODeadline.now()
        let due = waiters.filter { $0.deadline <= now }
        waiters.removeAll { $0.deadline <= now }
        for waiter in due { waiter.resume(nil) }
        if !waiters.isEmpty { watchWaiters() }
    }

    /// While somebody waits, instances are not left to the pauses between their tries: one that is back is found at once.
    private func watchWaiters() {
        for instance in instances.values { instance.connect() }
        settings.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(50)) { [weak self] in self?.expire() }
    }
}
