import Kit
import Logging
import NIOCore
import NIOPosix

/// One instance of an operator's upstream as one event loop sees it: its connections, and whether it can be reached.
///
/// Lives on its event loop only.
final class OperatorInstance {
    let address: SocketAddress
    let authority: String
    private let settings: OperatorUpstream.Settings
    private let loop: GatewayLoop
    private weak var pool: OperatorPool?
    /// Those that wait for a request; the one used last is the last, so that the others grow old and end.
    private var idle: [OperatorConnection] = []
    /// Connections there are, idle or not.
    private(set) var open = 0
    private(set) var connecting = 0
    private var failures = 0
    private var skippedUntil = NIODeadline.uptimeNanoseconds(0)
    private var isRetired = false

    init(_ instance: OperatorUpstream.Instance, _ settings: OperatorUpstream.Settings, pool: OperatorPool) {
        address = instance.address
        authority = instance.authority
        self.settings = settings
        self.pool = pool
        loop = pool.loop
    }

    /// Requests under way, or about to be.
    var busy: Int { open - idle.count + connecting }

    /// Whether it could not be reached a moment ago.
    func isSkipped(_ now: NIODeadline) -> Bool { skippedUntil > now }

    var hasIdle: Bool { !idle.isEmpty }

    /// Whether one more connection may be made. One that could not be reached is tried by one at a time.
    var mayConnect: Bool {
        open + connecting < settings.connections && (failures == 0 || connecting == 0)
    }

    /// The connection used last.
    func takeIdle() -> OperatorConnection? { idle.popLast() }

    func connect() {
        connecting += 1
        // These objects are touched on the loop only, which the boxes check.
        let home = NIOLoopBound(self, eventLoop: loop.eventLoop)
        ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(settings.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let instance = home.value
                    try channel.pipeline.syncOperations.addHandler(
                        OperatorConnection(loop: instance.loop, instance: instance))
                }
            }
            .connect(to: address)
            .whenComplete { home.value.connected($0) }
    }

    private func connected(_ result: Result<any Channel, any Error>) {
        connecting -= 1
        do {
            let channel = try result.get()
            let connection = try channel.pipeline.syncOperations.handler(type: OperatorConnection.self)
            failures = 0
            skippedUntil = .uptimeNanoseconds(0)
            open += 1
            // It may be gone already; then `lost` counts, before this or after.
            guard channel.isActive else { return pool?.hasRoom() ?? () }
            release(connection)
        } catch {
            loop.environment.logger.debug(
                "upstream not reached",
                metadata: ["upstream": "\(settings.name)", "address": "\(address)", "error": "\(error)"])
            failures += 1
            skippedUntil = .now() + Choice.pause(after: failures, shortest: 50, longest: 5000)
            pool?.failedToConnect()
        }
    }

    /// A connection can take a request.
    func release(_ connection: OperatorConnection) {
        if !isRetired, let pool, pool.serve(connection) { return }
        if isRetired { connection.close() } else { idle.append(connection) }
    }

    /// A connection has ended.
    func lost(_ connection: OperatorConnection) {
        idle.removeAll { $0 === connection }
        open -= 1
        pool?.hasRoom()
    }

    func closeIdle() {
        let closed = idle
        idle.removeAll()
        for connection in closed { connection.close() }
    }

    /// Closes what has been idle since before then.
    func closeIdle(since time: NIODeadline) {
        while let oldest = idle.first, oldest.idleSince < time {
            idle.removeFirst()
            oldest.close()
        }
    }

    /// Takes no more requests; those under way finish.
    func retire() {
        isRetired = true
        closeIdle()
    }
}
