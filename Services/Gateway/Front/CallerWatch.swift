import NIOCore

/// A public connection, which knows itself what it waits for.
protocol WatchedConnection: AnyObject {
    /// Ends what has waited too long.
    func check(_ now: NIODeadline)
}

/// Looks at all public connections of one event loop a few times a second: a timer for each request would cost each
/// request an allocation and the loop a sorted insert. Lives on its event loop only.
final class CallerWatch {
    private let eventLoop: any EventLoop
    private let interval: TimeAmount
    private var connections: [ObjectIdentifier: any WatchedConnection] = [:]
    private var crowd = Crowd()
    private var task: Scheduled<Void>?

    init(eventLoop: any EventLoop, interval: TimeAmount) {
        self.eventLoop = eventLoop
        self.interval = interval
    }

    /// Keeps the connection until it is removed.
    func add(_ connection: any WatchedConnection) {
        connections[ObjectIdentifier(connection)] = connection
        if task == nil { schedule() }
    }

    func remove(_ connection: any WatchedConnection) {
        connections[ObjectIdentifier(connection)] = nil
    }

    private func schedule() {
        task = eventLoop.assumeIsolated().scheduleTask(in: interval) { [weak self] in self?.checkAll() }
    }

    private func checkAll() {
        task = nil
        let now = NIODeadline.now()
        // A copy: what is found too slow is removed meanwhile.
        for connection in Array(connections.values) { connection.check(now) }
        if crowd.isOver(connections.count, now) { Crowd.giveMemoryBack() }
        if !connections.isEmpty || crowd.hasLeft { schedule() }
    }
}
