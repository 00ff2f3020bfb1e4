import NIOCore

/// Which unit goes over which connection.
extension DatabaseThread {
    /// An unanswered unit this old makes its connection slow.
    static let slowAfter = TimeAmount.milliseconds(20)

    /// Sends what can be sent.
    func place() {
        for slot in slots {
            guard let connection = slot.connection else { continue }
            connection.isSlow = connection.oldest?.sentAt.map { now - $0 > Self.slowAfter } ?? false
        }
        let isBatch = standalone.count > 2
        // Transactions first: they have waited for a whole connection, and hold few.
        while let unit = openings.first(now: now, expire: { expireUnsent($0) }), let connection = connectionToReserve()
        {
            openings.removeFirst()
            guard case .opening(let reservation, _) = unit.kind else { continue }
            reservation.state = .held(connection)
            connection.reservation = reservation
            send(unit, over: connection)
        }
        placeGathered()
        while let unit = standalone.first(now: now, expire: { expireUnsent($0) }), let connection = connectionToShare()
        {
            standalone.removeFirst()
            if isBatch { connection.beginBatch() }
            send(unit, over: connection)
        }
        for (index, slot) in slots.enumerated() {
            guard let connection = slot.connection else { continue }
            connection.endBatch()
            if let failure = connection.failure { drop(slot: index, reason: failure) }
        }
    }

    /// Sends a transaction's unit over the connection it holds.
    func placeBound(_ unit: Unit, _ reservation: Reservation) {
        var endsTransaction = false
        if case .closing = unit.kind { endsTransaction = true }
        switch reservation.state {
        case .held(let connection):
            if let reason = connection.failure {
                complete(unit, .failure(.unavailable(reason: reason)))
                return
            }
            if endsTransaction {
                // Whatever becomes of it, the transaction is over behind this unit, so others may follow it.
                reservation.state = .ended
                connection.reservation = nil
            } else if unit.isSettled || unit.deadline <= now {
                expireUnsent(unit)
                return
            }
            send(unit, over: connection)
        case .pending:
            // The opening unit was cancelled or expired: there is no transaction.
            reservation.state = .ended
            complete(unit, .failure(.cancelled()))
        case .lost(let reason):
            complete(unit, .failure(.unavailable(reason: reason)))
        case .ended:
            complete(unit, .failure(.closed))
        }
    }

    func send(_ unit: Unit, over connection: PipelinedConnection) {
        do {
            try connection.send(unit, now: now)
            for waiter in unit.waiters {
                metrics.record(wait: max(.zero, now - waiter.createdAt))
                nextAnswerExpiry = min(nextAnswerExpiry, waiter.deadline)
            }
        } catch {
            if case .opening(let reservation, _) = unit.kind {
                reservation.state = .ended
                connection.reservation = nil
            }
            complete(unit, .failure(error))
        }
    }

    private func isOpen(_ connection: PipelinedConnection) -> Bool {
        connection.failure == nil && !connection.isCondemned && connection.reservation == nil
    }

    func connectionToShare() -> PipelinedConnection? {
        best { $0.load < configuration.window }
    }

    /// One connection stays for units of their own, where there is more than one.
    private func connectionToReserve() -> PipelinedConnection? {
        let reserved = slots.count { $0.connection?.reservation != nil }
        return reserved < max(1, slots.count - 1) ? best { _ in true } : nil
    }

    /// The open connection with the least on its way; slow ones only if there is no other.
    private func best(where isEligible: (PipelinedConnection) -> Bool) -> PipelinedConnection? {
        var best: PipelinedConnection?
        for slot in slots {
            guard let candidate = slot.connection, isOpen(candidate), isEligible(candidate) else { continue }
            if let current = best {
                guard (candidate.isSlow ? 1 : 0, candidate.load) < (current.isSlow ? 1 : 0, current.load) else {
                    continue
                }
            }
            best = candidate
        }
        return best
    }

    func expireUnsent(_ unit: Unit) {
        complete(unit, .failure(.deadlineExceeded()))
    }
}
