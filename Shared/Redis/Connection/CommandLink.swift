import Logging
import Metrics
import NIOCore
import Retries

/// One event loop's way to the server: a connection made on first use and made again when lost, and a breaker that
/// spares callers the wait while it is of no use. Lives on its event loop.
final class CommandLink {
    private enum State {
        case idle
        /// `isFirst` of its series: commands may wait for it. After a failure they may not.
        case connecting(isFirst: Bool)
        case ready(ConnectionHandler)
        case pausing(Scheduled<Void>)
        case closed
    }

    private struct Waiting {
        let command: RedisCommand
        let receiver: Receiver
        let deadline: NIODeadline
    }

    let configuration: RedisConfiguration
    let eventLoop: any EventLoop
    let logger: Logger
    private let metrics: RedisMetrics
    private let availability: Availability
    private let tally: CommandTally
    private let connector: Connector
    private let timer: DeadlineTimer
    private var state = State.idle
    private var waiting: [Waiting] = []
    private var breaker: CircuitBreaker
    private var backoff: Backoff
    private var health = Availability.Health.unused
    /// Whether the connection, or the one before, has answered anything after its greeting.
    private var hasAnswered = false
    /// Reasons logged since all was well: each is logged once.
    private var complaints: Set<String> = []
    private var watch: Scheduled<Void>?
    private var probing: Scheduled<Void>?
    private var mayEvict: Bool?

    init(
        _ configuration: RedisConfiguration, eventLoop: any EventLoop, logger: Logger, metrics: RedisMetrics,
        availability: Availability
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.metrics = metrics
        self.availability = availability
        tally = CommandTally(metrics: metrics)
        connector = Connector(configuration, eventLoop: eventLoop, tally: tally)
        timer = DeadlineTimer(eventLoop: eventLoop)
        breaker = CircuitBreaker(threshold: configuration.breakerThreshold)
        backoff = Backoff(minimum: configuration.reconnectMinimum, maximum: configuration.reconnectMaximum)
        timer.onDeadline = { [weak self] in self?.expireWaiting() }
    }

    /// Sends a command, or says at once why not.
    func submit(_ command: RedisCommand, _ receiver: Receiver, deadline given: NIODeadline?) {
        let now = eventLoop.now
        let deadline = given ?? now + configuration.commandTimeout
        switch state {
        case .ready(let connection):
            guard breaker.isClosed else { return refuse(receiver, .unavailable) }
            connection.submit(command, receiver, deadline: deadline, now: now)
        case .idle:
            wait(Waiting(command: command, receiver: receiver, deadline: deadline))
            connect(isFirst: true)
        case .connecting(isFirst: true):
            guard breaker.isClosed else { return refuse(receiver, .unavailable) }
            wait(Waiting(command: command, receiver: receiver, deadline: deadline))
        case .connecting, .pausing:
            refuse(receiver, .unavailable)
        case .closed:
            refuse(receiver, .closed)
        }
    }

    /// Connects without waiting for a command, and asks for a sign of life from time to time, so that it is known how
    /// the server fares also while nobody asks it anything.
    func beginWatch() {
        if case .closed = state { return }
        if case .idle = state { connect(isFirst: true) }
        if watch == nil { scheduleBeat() }
    }

    private func scheduleBeat() {
        watch = eventLoop.assumeIsolated().scheduleTask(in: configuration.heartbeatInterval) { [weak self] in
            guard let self else { return }
            scheduleBeat()
            guard case .ready = state, breaker.isClosed else { return }
            // What comes of it is seen by the breaker.
            submit(RedisCommand("PING"), .closure { _ in }, deadline: nil)
        }
    }

    /// Refuses new commands, waits for those sent, which end by their deadlines, and closes.
    func shutDown(_ done: @escaping () -> Void) {
        let ended = state
        state = .closed
        watch?.cancel()
        probing?.cancel()
        update()
        refuseWaiting(.closed)
        switch ended {
        case .ready(let connection):
            metrics.changeConnected(by: -1)
            connection.drain(done)
        case .pausing(let pause):
            pause.cancel()
            done()
        case .idle, .connecting, .closed:
            done()
        }
    }
}

// MARK: Connecting

extension CommandLink {
    private func connect(isFirst: Bool) {
        state = .connecting(isFirst: isFirst)
        update()
        connector.open { [self] result in
            guard case .connecting = state else {
                if case .success(let connection) = result { connection.close(.shutDown) }
                return
            }
            switch result {
            case .success(let connection): connected(connection)
            case .failure(let failure): failed("\(failure)")
            }
        }
    }

    private func connected(_ connection: ConnectionHandler) {
        state = .ready(connection)
        connection.serve(self)
        breaker.reset()
        hasAnswered = false
        metrics.changeConnected(by: 1)
        update()
        if !complaints.isEmpty { logger.notice("connected to Redis again") }
        complaints.removeAll()
        timer.cancel()
        let commands = waiting
        waiting.removeAll()
        let now = eventLoop.now
        for entry in commands {
            connection.submit(entry.command, entry.receiver, deadline: entry.deadline, now: now)
        }
        if watch != nil { checkEviction(connection, now: now) }
    }

    private func failed(_ reason: String) {
        complain("Redis can't be used", reason)
        countFailures(1)
        pause()
        refuseWaiting(.unavailable)
    }

    private func pause() {
        let task = eventLoop.assumeIsolated().scheduleTask(in: backoff.next(fraction: .random(in: 0...1))) {
            [weak self] in
            guard let self, case .pausing = state else { return }
            connect(isFirst: false)
        }
        state = .pausing(task)
        update()
    }

    /// Once for each reason, until all is well again.
    private func complain(_ message: Logger.Message, _ reason: String) {
        // Addresses given by sentinels could make ever new reasons; then repeating some does not matter.
        if complaints.count > 16 { complaints.removeAll() }
        guard complaints.insert(reason).inserted else { return }
        logger.warning(message, metadata: ["reason": "\(reason)"])
    }

    /// Says so where the server may drop keys when memory is short: what guards against abuse would go with them.
    private func checkEviction(_ connection: ConnectionHandler, now: NIODeadline) {
        let receiver = Receiver.closure { [weak self] reply in
            guard let self, case .success(let value) = reply, let text = value.string else { return }
            let policy = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("maxmemory_policy:") }
            guard let policy = policy?.dropFirst("maxmemory_policy:".count) else { return }
            let evicts = policy != "noeviction"
            if evicts, mayEvict != true {
                logger.warning(
                    "Redis may evict keys; set maxmemory-policy to noeviction", metadata: ["policy": "\(policy)"])
            }
            mayEvict = evicts
        }
        connection.submit(
            RedisCommand("INFO", ["memory"]), receiver, deadline: now + configuration.connectTimeout, now: now)
    }
}

// MARK: Waiting for the first connection

extension CommandLink {
    private func wait(_ entry: Waiting) {
        guard waiting.count < configuration.maxPending else { return refuse(entry.receiver, .overloaded) }
        waiting.append(entry)
        timer.arm(at: entry.deadline)
    }

    private func expireWaiting() {
        let now = eventLoop.now
        let late = waiting.filter { $0.deadline <= now }
        waiting.removeAll { $0.deadline <= now }
        if let next = waiting.map(\.deadline).min() { timer.arm(at: next) }
        countFailures(late.count)
        for entry in late { tally.complete(entry.receiver, .failure(.timeout)) }
        tally.flush()
    }

    private func refuseWaiting(_ error: RedisError) {
        let entries = waiting
        waiting.removeAll()
        timer.cancel()
        for entry in entries { refuse(entry.receiver, error) }
    }

    private func refuse(_ receiver: Receiver, _ error: RedisError) {
        tally.complete(receiver, .failure(error))
        tally.flush()
    }
}

// MARK: How it fares

extension CommandLink: ConnectionOwner {
    func connectionAnswered(_ count: Int) {
        breaker.recordAnswer()
        guard !hasAnswered else { return }
        hasAnswered = true
        backoff.reset()
    }

    func connectionExpired(_ count: Int) {
        countFailures(count)
    }

    func connectionClosed(_ failure: LinkFailure) {
        guard case .ready = state else { return }
        metrics.changeConnected(by: -1)
        metrics.reconnects.increment()
        complain("connection to Redis lost", "\(failure)")
        countFailures(1)
        if failure == .notPrimary || failure == .loading { connector.moveOn() }
        // A server that closes before it has answered anything is not asked again at once.
        if hasAnswered { connect(isFirst: true) } else { pause() }
    }

    private func countFailures(_ count: Int) {
        guard count > 0, breaker.recordFailures(count) else { return }
        complain("Redis does not answer; calls fail at once for a while", "breaker open")
        update()
        scheduleProbe()
    }

    private func scheduleProbe() {
        probing?.cancel()
        probing = eventLoop.assumeIsolated().scheduleTask(in: configuration.breakerPause) { [weak self] in self?.probe()
        }
    }

    /// After the pause the server itself is asked, so that no caller pays for the answer. A new connection's greeting
    /// answers the question as well.
    private func probe() {
        guard !breaker.isClosed else { return }
        guard case .ready(let connection) = state else {
            if case .closed = state { return }
            return scheduleProbe()
        }
        breaker.beginProbe()
        let now = eventLoop.now
        let receiver = Receiver.closure { [weak self] reply in
            guard let self, !breaker.isClosed else { return }
            if case .success = reply {
                breaker.reset()
                if !complaints.isEmpty { logger.notice("Redis answers again") }
                complaints.removeAll()
                update()
            } else {
                breaker.probeFailed()
                scheduleProbe()
            }
        }
        connection.submit(RedisCommand("PING"), receiver, deadline: now + configuration.commandTimeout, now: now)
    }

    private func update() {
        let current: Availability.Health =
            switch state {
            case .idle, .closed: .unused
            case .ready: breaker.isClosed ? .usable : .failing
            case .pausing: .failing
            // The first connection of all is not missed yet; one that is lost is.
            case .connecting(let isFirst): isFirst && health == .unused ? .unused : .failing
            }
        guard current != health else { return }
        availability.change(from: health, to: current)
        health = current
    }
}
