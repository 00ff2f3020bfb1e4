import Logging
import Retries
import NIOCore

/// Deadlines, broken connections and making them anew.
extension DatabaseThread {
    /// How much longer than it may take the oldest unit's answer can be away before the connection counts as dead.
    private static let stallGrace = TimeAmount.seconds(1)

    /// Tells callers whose time is up, and closes connections that have fallen silent or have had their day.
    func expire() {
        standalone.removeExpired(now: now) { expireUnsent($0) }
        openings.removeExpired(now: now) { expireUnsent($0) }
        for unit in gatherings.removeExpired(now: now) { expireUnsent(unit) }
        if now >= nextAnswerExpiry {
            nextAnswerExpiry = .distantFuture
            for slot in slots {
                for unit in slot.connection?.unanswered ?? [] {
                    for waiter in unit.waiters where !waiter.isSettled {
                        if waiter.deadline <= now {
                            complete(waiter, .failure(.deadlineExceeded(mayHaveCommitted: waiter.commitsWhenSent)))
                        } else {
                            nextAnswerExpiry = min(nextAnswerExpiry, waiter.deadline)
                        }
                    }
                }
            }
        }
        for index in slots.indices {
            guard let connection = slots[index].connection else { continue }
            if let failure = connection.failure {
                drop(slot: index, reason: failure)
            } else if connection.load > 0, now >= stallTime(of: connection) {
                drop(slot: index, reason: "the server stopped answering")
            } else {
                if now >= connection.expiresAt, connection.load == 0 || isAnotherOpen(than: connection) {
                    connection.condemn()
                }
                if connection.isCondemned, connection.load == 0, connection.reservation == nil {
                    drop(slot: index, reason: "replaced")
                }
            }
        }
        failWaitingIfDown()
    }

    private func isAnotherOpen(than connection: PipelinedConnection) -> Bool {
        slots.contains { slot in
            guard let other = slot.connection else { return false }
            return other !== connection && !other.isCondemned && other.failure == nil
        }
    }

    /// The server cancels a statement by itself after the statement timeout: one that has taken longer, and whose caller
    /// has given up, gets no answer because nobody is there.
    func stallTime(of connection: PipelinedConnection) -> NIODeadline {
        guard let oldest = connection.oldest else { return .distantFuture }
        return max(oldest.deadline, connection.lastProgress + configuration.statementTimeout) + Self.stallGrace
    }

    /// With the link gone for longer than anybody may wait, waiting is over for all.
    private func failWaitingIfDown() {
        guard let downSince, now >= downSince + configuration.acquireTimeout else { return }
        let error = PostgresError.unavailable(reason: lastReason)
        for unit in standalone.removeAll() { complete(unit, .failure(error)) }
        for unit in openings.removeAll() { complete(unit, .failure(error)) }
        for unit in gatherings.removeAll() { complete(unit, .failure(error)) }
    }

    /// Closes a slot's connection and has it made again soon.
    func drop(slot index: Int, reason: String) {
        logger.warning("Postgres connection closed", metadata: ["slot": "\(index)", "reason": "\(reason)"])
        lastReason = reason
        metrics.countReconnect()
        close(slot: index, reason: reason)
        slots[index].backoff.reset()
        let pause = slots[index].backoff.next(fraction: .random(in: 0...1))
        slots[index].state = .away(until: now + pause)
        connectionsChanged()
    }

    /// Closes a slot's connection and tells all who wait for answers from it.
    func close(slot index: Int, reason: String) {
        guard let connection = slots[index].connection else { return }
        for unit in connection.abandon() {
            complete(unit, .failure(connection.farewell(for: unit, reason: reason)))
        }
        mustPlaceAgain = true
        connection.reservation?.state = .lost(reason: reason)
        connection.reservation = nil
        slots[index].state = .away(until: .distantFuture)
    }

    /// Starts the attempts that are due.
    func reconnect() {
        guard mayConnect else { return }
        for index in slots.indices {
            guard case .away(let until) = slots[index].state, now >= until else { continue }
            slots[index].state = .connecting
            let connector = Connector(
                parameters: parameters, questionTimeout: configuration.connectTimeout, first: preferredServer,
                known: timeline)
            connector.start { [exchange] outcome in exchange.deliver(outcome, to: index) }
        }
    }

    /// Takes over what an attempt led to.
    func conclude(_ outcome: Connector.Outcome, slot index: Int) {
        switch outcome {
        case .established(let established) where isSuperseded(established):
            // Another slot met the new primary while this attempt was under way.
            established.close()
            slots[index].state = .away(until: now)
        case .established(let established):
            adopt(established.timeline)
            preferredServer = established.server
            // A fifth more or less keeps connections made together from being replaced together.
            let lifetime = Double(configuration.connectionLifetime.nanoseconds) * .random(in: 0.8...1.2)
            let connection = PipelinedConnection(
                established, tenantStatement: tenantStatement, redaction: parameters.redaction, now: now,
                expiresAt: now + .nanoseconds(Int64(lifetime)))
            slots[index].state = .up(connection)
            slots[index].backoff.reset()
            var metadata: Logger.Metadata = [
                "slot": "\(index)", "server": "\(parameters.servers[established.server].name)",
            ]
            if let timeline = established.timeline { metadata["timeline"] = "\(timeline.number)" }
            logger.info("Postgres connection up", metadata: metadata)
        case .failed(let reason):
            lastReason = reason
            metrics.countConnectFailure()
            let pause = slots[index].backoff.next(fraction: .random(in: 0...1))
            slots[index].state = .away(until: now + pause)
            logger.warning("Postgres unreachable", metadata: ["slot": "\(index)", "reason": "\(reason)"])
        }
        connectionsChanged()
    }

    private func isSuperseded(_ established: EstablishedConnection) -> Bool {
        guard let timeline, let other = established.timeline else { return false }
        return other.isSuperseded(by: timeline)
    }

    /// Follows the server onto another timeline: nothing more is asked of one that still writes the earlier.
    private func adopt(_ met: PostgresTimeline?) {
        guard let met, met != timeline else { return }
        if let timeline {
            logger.notice(
                "Postgres goes on under another primary", metadata: ["before": "\(timeline)", "now": "\(met)"])
        }
        timeline = met
        exchange.withState { $0.timeline = met }
        for slot in slots where slot.connection?.timeline != met { slot.connection?.condemn() }
    }

    /// Where one session can't write any more, the others of its server can't either.
    func condemnReadOnly() {
        let servers = Set(slots.compactMap { $0.connection.flatMap { $0.turnedReadOnly ? $0.server : nil } })
        guard !servers.isEmpty else { return }
        for slot in slots {
            guard let connection = slot.connection, servers.contains(connection.server) else { continue }
            connection.condemn()
        }
    }

    private func connectionsChanged() {
        let up = slots.count { $0.connection != nil }
        downSince = up > 0 ? nil : (downSince ?? now)
        metrics.record(connectionsUp: up)
        exchange.connectionsChanged(up: up)
    }

    /// Lets callers know at once when there is nothing to wait for.
    func publishLink() {
        guard let downSince, now >= downSince + configuration.acquireTimeout else { return }
        let link = UnitExchange.Link.down(reason: lastReason)
        exchange.withState { $0.link = link }
    }
}
