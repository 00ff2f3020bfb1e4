import Redis
import ServiceLifecycle
import Synchronization

extension RateLimiter {
    /// Keeps leases up until the process is to end, then gives back what is unspent.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: self.configuration.reviewInterval)
                        self.signal.yield()
                    }
                }
                group.addTask {
                    for await _ in self.signals { await self.reviewLeases() }
                }
            }
        }
        // In a task of its own: this one may be cancelled, and the call would be with it.
        await Task { await self.send(self.ledger.close(now: self.now)) }.value
    }

    /// Brings urgent leases up to date, and all of them where an interval has gone by.
    func reviewLeases() async {
        lowerWakeFlag()
        if isDegraded {
            // Whether it is back is for the client to find out; then a call that asks for nothing shows whether it works.
            guard redis.isAvailable, await call([]) else { return }
        }
        let now = now
        let interval = configuration.reviewInterval / .microseconds(1)
        // A timer that is a little early must not cost a whole interval.
        let isRegular = Double(now - lastReview.load(ordering: .relaxed)) >= 0.9 * interval
        if isRegular {
            lastReview.store(now, ordering: .relaxed)
            let counts = ledger.takeCounts()
            metrics.recordAccounts(counts.accounts, evictions: counts.evictions)
        }
        await send(ledger.review(isRegular: isRegular, now: now))
    }

    private func send(_ asks: [LeaseAsk]) async {
        var rest = asks[...]
        while !rest.isEmpty {
            let batch = rest.prefix(LeaseScript.batch)
            guard await call(batch) else {
                for ask in rest { ledger.reopen(ask) }
                return
            }
            rest = rest.dropFirst(batch.count)
        }
    }

    /// Returns false where Redis did not answer.
    private func call(_ asks: ArraySlice<LeaseAsk>) async -> Bool {
        let reply = try? await redis.evaluate(
            LeaseScript.script, keys: LeaseScript.keys(asks),
            arguments: LeaseScript.arguments(asks, gateways: configuration.gateways))
        guard let grants = reply.flatMap({ LeaseScript.grants($0, count: asks.count) }) else {
            // A call that was cancelled says nothing of Redis.
            if !Task.isCancelled {
                metrics.recordCall(isAnswered: false)
                setFailing(true)
            }
            return false
        }
        metrics.recordCall(isAnswered: true)
        setFailing(false)
        let now = now
        for (ask, grant) in zip(asks, grants) { ledger.settle(ask, grant, now: now) }
        return true
    }
}
