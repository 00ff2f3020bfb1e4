import HTTP2
import Logging
import NIOCore
import NIOPosix

/// One instance's connection from one event loop: made, remade with growing pauses, and given up when retired.
///
/// Lives on its event loop only.
final class UpstreamInstance {
    let address: SocketAddress
    private let eventLoop: any EventLoop
    private let configuration: HTTP2Configuration
    private let logger: Logger
    private let changed: (UpstreamInstance, Bool) -> Void
    private var connection: HTTP2ClientConnection?
    private var failures = 0
    private var isRetired = false
    private var isConnecting = false
    private var retry: Scheduled<Void>?

    init(
        address: SocketAddress, eventLoop: any EventLoop, configuration: HTTP2Configuration, logger: Logger,
        changed: @escaping (UpstreamInstance, Bool) -> Void
    ) {
        self.address = address
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.logger = logger
        self.changed = changed
    }

    /// The connection, when it can take one more stream.
    var available: HTTP2ClientConnection? {
        guard let connection, connection.canOpenStream else { return nil }
        return connection
    }

    /// Tries at once, where there is no connection and none is being made.
    func connect() {
        guard !isRetired, !isConnecting, connection == nil else { return }
        retry?.cancel()
        isConnecting = true
        // This object and the handler are touched on the loop only, which the boxes check.
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        let configuration = configuration
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.seconds(1))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = HTTP2ClientConnection(configuration: configuration) { state in
                        home.value.connection(isReady: state == .ready)
                    }
                    home.value.connection = handler
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(to: address)
            .whenComplete { result in
                home.value.isConnecting = false
                switch result {
                case .success(let channel): channel.closeFuture.whenComplete { _ in home.value.lost() }
                case .failure(let error):
                    home.value.logger.debug(
                        "upstream not reached",
                        metadata: ["address": "\(home.value.address)", "error": "\(error)"])
                    home.value.lost()
                }
            }
    }

    /// Takes no more requests; those in flight finish.
    func retire() {
        isRetired = true
        changed(self, false)
        connection?.drain()
    }

    private func connection(isReady: Bool) {
        if isReady { failures = 0 }
        changed(self, isReady && !isRetired)
    }

    private func lost() {
        connection = nil
        changed(self, false)
        guard !isRetired else { return }
        failures += 1
        // The first try follows at once: a restarted instance is often back by then.
        let pause = min(1000, 25 << min(failures, 6))
        let jittered = Int64.random(in: Int64(pause / 2)...Int64(pause))
        retry = eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(jittered)) { [weak self] in self?.connect() }
    }
}
