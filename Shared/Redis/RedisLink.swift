import Logging
import NIOCore

/// One event loop's way to Redis: a connection that is made again when lost, and a breaker that spares callers the wait
/// while it is no use.
///
/// Lives on its event loop only.
final class RedisLink {
    private let connector: RedisConnector
    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let onChange: (Bool) -> Void
    private var connection: RedisConnection?
    private var failures = 0
    private var opensAt: NIODeadline?
    private var attempts = 0
    private var isShutDown = false

    init(
        configuration: RedisConfiguration, eventLoop: any EventLoop, logger: Logger, onChange: @escaping (Bool) -> Void
    ) {
        self.connector = RedisConnector(configuration: configuration, eventLoop: eventLoop)
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.onChange = onChange
    }

    func connect() {
        guard !isShutDown, connection == nil else { return }
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        connector.connect().whenComplete { result in
            switch result {
            case .success(let connection): home.value.connected(connection.value)
            case .failure(let error): home.value.missed(error)
            }
        }
    }

    func send(_ command: RedisCommand, deadline: NIODeadline?, _ completion: @escaping RedisConnection.Completion) {
        guard let connection, mayTry() else { return completion(.failure(.unavailable)) }
        connection.send(command, deadline: deadline ?? .now() + configuration.commandTimeout) { result in
            self.judge(result)
            completion(result)
        }
    }

    func shutDown() {
        isShutDown = true
        connection?.close()
    }

    private func connected(_ connection: RedisConnection) {
        guard !isShutDown, connection.isActive else { return connection.close() }
        self.connection = connection
        (failures, attempts, opensAt) = (0, 0, nil)
        onChange(true)
        watch(connection)
    }

    /// Asks from time to time, so that a hung or lost server is noticed without a caller's command.
    private func watch(_ connection: RedisConnection) {
        let home = NIOLoopBound((self, connection), eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .seconds(1)) {
            let (link, watched) = home.value
            guard link.connection === watched, !link.isShutDown else { return }
            guard watched.isActive else { return link.lost() }
            watched.send(RedisCommand("PING"), deadline: .now() + link.configuration.hangTimeout) { result in
                link.judge(result)
                if case .failure(.timeout) = result { watched.close() }
            }
            link.watch(watched)
        }
    }

    private func missed(_ error: any Error) {
        if attempts == 0 { logger.warning("redis can't be reached", metadata: ["error": "\(error)"]) }
        retry()
    }

    private func lost() {
        guard connection != nil else { return }
        connection = nil
        onChange(false)
        logger.warning("redis connection lost")
        retry()
    }

    private func retry() {
        guard !isShutDown else { return }
        attempts += 1
        let pause = min(2000, 50 << min(attempts, 6))
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .milliseconds(Int64.random(in: Int64(pause / 2)...Int64(pause)))) {
            home.value.connect()
        }
    }

    /// Half-open after the pause: one caller may try, and its outcome decides for the others.
    private func mayTry() -> Bool {
        guard let opensAt else { return true }
        guard opensAt <= .now() else { return false }
        self.opensAt = .now() + configuration.breakerPause
        return true
    }

    private func judge(_ result: Result<RedisValue, RedisError>) {
        switch result {
        case .success:
            (failures, opensAt) = (0, nil)
        case .failure(let error):
            if case .server(let prefix, _) = error,
                prefix == "READONLY" || prefix == "LOADING" || prefix == "MASTERDOWN"
            {
                connection?.close()
                return lost()
            }
            if error == .closed { return lost() }
            guard error.countsAsFailure else { return }
            failures += 1
            if failures >= configuration.breakerThreshold, opensAt == nil {
                opensAt = .now() + configuration.breakerPause
            }
        }
    }
}
