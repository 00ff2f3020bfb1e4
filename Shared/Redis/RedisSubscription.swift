import Logging
import NIOCore

/// What a subscription tells.
public enum RedisSubscriptionEvent: Sendable, Equatable {
    /// Every channel is subscribed: what is published from now on will come. What was published before may be lost.
    case connected
    /// The connection is gone; messages may be lost until `connected` comes again.
    case disconnected
    /// A message on a channel.
    case message(String, [UInt8])
}

/// A connection that follows channels, made again when lost, and watched by a heartbeat because silence is its normal
/// state.
///
/// Lives on its event loop only.
final class RedisSubscription {
    private let channels: [String]
    private let connector: RedisConnector
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let tell: (RedisSubscriptionEvent) -> Void
    private var connection: RedisConnection?
    private var confirmed = 0
    private var heardAt = NIODeadline.now()
    private var attempts = 0
    private var isStopped = false

    init(
        _ channels: [String], configuration: RedisConfiguration, eventLoop: any EventLoop, logger: Logger,
        tell: @escaping (RedisSubscriptionEvent) -> Void
    ) {
        self.channels = channels
        self.connector = RedisConnector(configuration: configuration, eventLoop: eventLoop)
        self.eventLoop = eventLoop
        self.logger = logger
        self.tell = tell
    }

    func connect() {
        guard !isStopped else { return }
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        connector.connect { reply in home.value.heard(reply) }.whenComplete { result in
            switch result {
            case .success(let connection): home.value.begin(connection.value)
            case .failure: home.value.retry()
            }
        }
    }

    func stop() {
        isStopped = true
        connection?.close()
        connection = nil
    }

    private func begin(_ connection: RedisConnection) {
        guard !isStopped else { return connection.close() }
        self.connection = connection
        (confirmed, heardAt) = (0, .now())
        connection.push(RedisCommand("SUBSCRIBE", channels.map { .text($0) }))
        beat(connection)
    }

    private func heard(_ reply: RedisValue) {
        heardAt = .now()
        guard let parts = reply.array, let kind = parts.first?.string else { return }
        switch kind {
        case "subscribe":
            confirmed += 1
            if confirmed == channels.count {
                attempts = 0
                tell(.connected)
            }
        case "message" where parts.count == 3:
            if let channel = parts[1].string, case .bulk(let payload) = parts[2] { tell(.message(channel, payload)) }
        default:
            break
        }
    }

    private func beat(_ connection: RedisConnection) {
        let home = NIOLoopBound((self, connection), eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .seconds(1)) {
            let (subscription, beaten) = home.value
            guard subscription.connection === beaten else { return }
            guard beaten.isActive, NIODeadline.now() - subscription.heardAt < .seconds(3) else {
                beaten.close()
                return subscription.lost()
            }
            beaten.push(RedisCommand("PING"))
            subscription.beat(beaten)
        }
    }

    private func lost() {
        connection = nil
        tell(.disconnected)
        retry()
    }

    private func retry() {
        guard !isStopped else { return }
        attempts += 1
        let pause = min(2000, 50 << min(attempts, 6))
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .milliseconds(Int64.random(in: Int64(pause / 2)...Int64(pause)))) {
            home.value.connect()
        }
    }
}
