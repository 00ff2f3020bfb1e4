public import HTTP2
import Logging
public import NIOCore
import NIOPosix

/// The connections of one event loop to the instances of one service: one each, kept up, chosen among by load.
///
/// Lives on its event loop only.
public final class UpstreamPool {
    private let name: String
    private let eventLoop: any EventLoop
    private let configuration: HTTP2Configuration
    private let logger: Logger
    private var instances: [SocketAddress: UpstreamInstance] = [:]
    private var ready: [UpstreamInstance] = []
    private var waiters: [Waiter] = []
    private var isShutDown = false

    private struct Waiter {
        let deadline: NIODeadline
        let resume: (HTTP2ClientConnection?) -> Void
    }

    init(name: String, eventLoop: any EventLoop, configuration: HTTP2Configuration, logger: Logger) {
        self.name = name
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.logger = logger
    }

    /// How many instances can take a request now.
    public var readyCount: Int { ready.count }

    /// The better of two random instances that can take a request now, or nil when there is none.
    public func connection() -> HTTP2ClientConnection? {
        switch ready.count {
        case 0: return nil
        case 1: return ready[0].available
        default:
            let first = Int.random(in: 0..<ready.count)
            var second = Int.random(in: 0..<(ready.count - 1))
            if second >= first { second += 1 }
            guard let one = ready[first].available else { return ready[second].available }
            guard let other = ready[second].available else { return one }
            return one.activeStreams <= other.activeStreams ? one : other
        }
    }

    /// Calls back with a connection as soon as there is one, or with nil at the deadline.
    public func whenConnected(by deadline: NIODeadline, _ resume: @escaping (HTTP2ClientConnection?) -> Void) {
        eventLoop.preconditionInEventLoop()
        if let connection = connection() { return resume(connection) }
        // More waiters than could be served in a second after a reconnect are not worth their memory.
        guard !isShutDown, waiters.count < 4096 else { return resume(nil) }
        waiters.append(Waiter(deadline: deadline, resume: resume))
        if waiters.count == 1 { watchWaiters() }
    }

    func setInstances(_ addresses: [SocketAddress]) {
        eventLoop.preconditionInEventLoop()
        guard !isShutDown else { return }
        for (address, instance) in instances where !addresses.contains(address) {
            instances[address] = nil
            instance.retire()
        }
        for address in addresses where instances[address] == nil {
            let instance = UpstreamInstance(
                address: address, eventLoop: eventLoop, configuration: configuration, logger: logger
            ) { [weak self] instance, isReady in self?.changed(instance, isReady: isReady) }
            instances[address] = instance
            instance.connect()
        }
    }

    /// Lets streams in flight finish and closes; new requests find no connection.
    func shutDown() {
        eventLoop.preconditionInEventLoop()
        isShutDown = true
        for instance in instances.values { instance.retire() }
        instances.removeAll()
        ready.removeAll()
        resumeWaiters { _ in true }
    }

    private func changed(_ instance: UpstreamInstance, isReady: Bool) {
        ready.removeAll { $0 === instance }
        guard isReady else { return }
        ready.append(instance)
        logger.debug("upstream connected", metadata: ["upstream": "\(name)", "address": "\(instance.address)"])
        resumeWaiters { _ in true }
    }

    private func resumeWaiters(_ isDue: (Waiter) -> Bool) {
        let due = waiters.filter(isDue)
        guard !due.isEmpty else { return }
        waiters.removeAll(where: isDue)
        for waiter in due { waiter.resume(connection()) }
    }

    /// While somebody waits, instances are not left to the pauses between their tries: one that is back is found at once.
    private func watchWaiters() {
        for instance in instances.values { instance.connect() }
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(50)) { [weak self] in
            guard let self else { return }
            let now = NIODeadline.now()
            self.resumeWaiters { $0.deadline <= now }
            if !self.waiters.isEmpty { self.watchWaiters() }
        }
    }
}
