import Logging
import Metrics
import NIOCore
import Retries

/// The one connection of all subscriptions: made when there is a subscriber, made again when lost, and watched by a
/// heartbeat, because silence is its normal state. Lives on its event loop.
final class SubscriptionLink {
    private enum State {
        case idle
        case connecting
        case ready(ConnectionHandler)
        case pausing(Scheduled<Void>)
        case closed
    }

    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let metrics: RedisMetrics
    private let connector: Connector
    private var state = State.idle
    private var subscribers: [Int: Subscriber] = [:]
    private var readers: [String: [Int]] = [:]
    private var requests = ChannelRequests()
    private var backoff: Backoff
    private var heard = NIODeadline.uptimeNanoseconds(0)
    private var asked: NIODeadline?
    private var wasConfirmed = false
    /// Reasons logged since all was well: each is logged once.
    private var complaints: Set<String> = []

    init(_ configuration: RedisConfiguration, eventLoop: any EventLoop, logger: Logger, metrics: RedisMetrics) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.metrics = metrics
        connector = Connector(configuration, eventLoop: eventLoop, tally: CommandTally(metrics: metrics))
        backoff = Backoff(minimum: configuration.reconnectMinimum, maximum: configuration.reconnectMaximum)
    }

    func add(_ subscriber: Subscriber, id: Int) {
        if case .closed = state { return subscriber.finish() }
        subscribers[id] = subscriber
        let new = subscriber.channels.filter { readers[$0] == nil }
        for channel in subscriber.channels { readers[channel, default: []].append(id) }
        switch state {
        case .ready(let connection):
            request("SUBSCRIBE", new, connection)
            announce(id)
        case .idle: connect()
        case .connecting, .pausing, .closed: break
        }
    }

    func remove(id: Int) {
        guard let subscriber = subscribers.removeValue(forKey: id) else { return }
        var unread: [String] = []
        for channel in subscriber.channels {
            readers[channel]?.removeAll { $0 == id }
            guard readers[channel]?.isEmpty == true else { continue }
            readers[channel] = nil
            unread.append(channel)
        }
        switch state {
        case .ready(let connection):
            if subscribers.isEmpty {
                state = .idle
                metrics.recordSubscription(isUp: false)
                connection.close(.shutDown)
            } else {
                request("UNSUBSCRIBE", unread, connection)
            }
        case .pausing(let pause) where subscribers.isEmpty:
            pause.cancel()
            state = .idle
        case .pausing, .connecting, .idle, .closed:
            break
        }
    }

    func shutDown() {
        let ended = state
        state = .closed
        switch ended {
        case .ready(let connection):
            metrics.recordSubscription(isUp: false)
            connection.close(.shutDown)
        case .pausing(let pause): pause.cancel()
        case .idle, .connecting, .closed: break
        }
        let finished = subscribers.values
        subscribers.removeAll()
        readers.removeAll()
        for subscriber in finished { subscriber.finish() }
    }
}

// MARK: Connecting

extension SubscriptionLink {
    private func connect() {
        state = .connecting
        connector.open { [self] result in
            guard case .connecting = state, !subscribers.isEmpty else {
                if case .connecting = state { state = .idle }
                if case .success(let connection) = result { connection.close(.shutDown) }
                return
            }
            switch result {
            case .success(let connection): connected(connection)
            case .failure(let failure):
                complain("Redis can't be subscribed to", "\(failure)")
                pause()
            }
        }
    }

    private func connected(_ connection: ConnectionHandler) {
        state = .ready(connection)
        requests = ChannelRequests()
        heard = eventLoop.now
        asked = nil
        wasConfirmed = false
        connection.receivePushes { [self] in
            receive($0)
        } closed: { [self] in
            lost($0)
        }
        request("SUBSCRIBE", readers.keys.sorted(), connection)
        scheduleBeat(connection)
    }

    private func lost(_ failure: LinkFailure) {
        guard case .ready = state else { return }
        metrics.recordSubscription(isUp: false)
        metrics.subscriptionReconnects.increment()
        complain("subscription to Redis lost", "\(failure)")
        requests = ChannelRequests()
        for id in Array(subscribers.keys) { subscribers[id]?.disconnected() }
        if failure == .notPrimary || failure == .loading { connector.moveOn() }
        if wasConfirmed { connect() } else { pause() }
    }

    private func pause() {
        let task = eventLoop.assumeIsolated().scheduleTask(in: backoff.next(fraction: .random(in: 0...1))) {
            [weak self] in
            guard let self, case .pausing = state else { return }
            connect()
        }
        state = .pausing(task)
    }

    private func complain(_ message: Logger.Message, _ reason: String) {
        // Addresses given by sentinels could make ever new reasons; then repeating some does not matter.
        if complaints.count > 16 { complaints.removeAll() }
        guard complaints.insert(reason).inserted else { return }
        logger.warning(message, metadata: ["reason": "\(reason)"])
    }

    private func scheduleBeat(_ connection: ConnectionHandler) {
        eventLoop.assumeIsolated().scheduleTask(in: configuration.heartbeatInterval) { [weak self] in
            guard let self, case .ready(let current) = state, current === connection else { return }
            let now = eventLoop.now
            if now - heard >= configuration.staleTimeout { return connection.close(.stale) }
            if asked == nil { asked = now }
            connection.push(RedisCommand("PING"))
            for id in Array(subscribers.keys) { subscribers[id]?.settle() }
            scheduleBeat(connection)
        }
    }

    private func request(_ name: String, _ channels: [String], _ connection: ConnectionHandler) {
        guard !channels.isEmpty else { return }
        for channel in channels { requests.sent(channel) }
        connection.push(RedisCommand(name, channels.map { RedisArgument($0) }))
    }
}

// MARK: Events

extension SubscriptionLink {
    private func receive(_ reply: Reply) {
        guard case .ready(let connection) = state else { return }
        heard = eventLoop.now
        switch reply {
        case .failure(let error):
            // Mostly a user who may not read one of the channels.
            guard case .server(let prefix, _) = error else { return connection.close(.protocolViolation) }
            connection.close(.greetingRefused(step: "subscribing", prefix: prefix))
        case .success(.array(let parts)):
            receive(parts, connection)
        case .success(.simple("PONG")):
            receivePong()
        case .success:
            connection.close(.protocolViolation)
        }
    }

    private func receive(_ parts: [RedisValue], _ connection: ConnectionHandler) {
        switch parts.first?.string {
        case "message":
            guard parts.count == 3, let channel = parts[1].string, case .bulk(let payload) = parts[2] else {
                return connection.close(.protocolViolation)
            }
            for id in readers[channel] ?? [] where subscribers[id]?.deliver(channel, payload) == false {
                metrics.droppedEvents.increment()
            }
        case "subscribe":
            guard parts.count == 3, let channel = parts[1].string else { return connection.close(.protocolViolation) }
            requests.confirmed(channel, isSubscribed: true)
            confirmed()
            for id in readers[channel] ?? [] { announce(id) }
        case "unsubscribe":
            if let channel = parts.dropFirst().first?.string { requests.confirmed(channel, isSubscribed: false) }
        case "pong":
            receivePong()
        default:
            connection.close(.protocolViolation)
        }
    }

    private func confirmed() {
        guard !wasConfirmed else { return }
        wasConfirmed = true
        backoff.reset()
        metrics.recordSubscription(isUp: true)
        if !complaints.isEmpty { logger.notice("subscribed to Redis again") }
        complaints.removeAll()
    }

    private func announce(_ id: Int) {
        guard let subscriber = subscribers[id], !subscriber.isConnected,
            subscriber.channels.allSatisfy({ requests.isSubscribed($0) })
        else { return }
        subscribers[id]?.connected()
    }

    private func receivePong() {
        if let asked { metrics.recordLag(nanoseconds: (eventLoop.now - asked).nanoseconds) }
        asked = nil
    }
}
