import Redis

/// Leases units of many keys, charges what was spent beyond leases and takes units back, in one step.
enum LeaseScript {
    /// Keys a call: long enough to be cheap, short enough that others hardly wait for it in Redis (1 to 2 ms).
    static let batch = 500

    /// The first argument is the share: a lease takes at most one part in so many of what there is, rounded up. Then for
    /// each key the window in microseconds, quota, burst, units owed (charged in any case) and units wanted, less than
    /// 0 to give back. Answers for each key units leased, units still there (less than 0 where more was charged than
    /// there was) and microseconds until there is one more.
    ///
    /// The arrival time is stored as ``StrictScript`` does. It may be ahead by twice the limit, so that what gateways
    /// lent is paid back, but no more. The interval is taken as the fraction it is: a lease of many units is exact
    /// also where the interval is a few microseconds.
    static let script = RedisScript(
        """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local share = tonumber(ARGV[1])
        local reply = {}
        for i, key in ipairs(KEYS) do
            local at = 5 * i - 3
            local interval = tonumber(ARGV[at]) / tonumber(ARGV[at + 1])
            local limit = math.ceil(tonumber(ARGV[at + 2]) * interval)
            local owed, wanted = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
            local arrival = tonumber(redis.call('MGET', key)[1] or 0)
            if not arrival or arrival ~= arrival then arrival = 0 end
            local before = math.min(math.max(arrival - now, 0), 2 * limit)
            local backlog = before + math.floor(owed * interval)
            local leased = 0
            if wanted < 0 then
                backlog = math.max(0, backlog - math.floor(-wanted * interval))
            elseif wanted > 0 then
                local left = math.floor((limit - backlog) / interval + 0.000001)
                if left > 0 then
                    leased = math.min(wanted, math.ceil(left / share))
                    backlog = backlog + math.floor(leased * interval)
                end
            end
            if backlog <= 0 then
                redis.call('DEL', key)
            elseif backlog ~= before then
                redis.call('SET', key, string.format('%.0f', now + backlog), 'PX', math.ceil(backlog / 1000))
            end
            local left = math.floor((limit - backlog) / interval + 0.000001)
            reply[3 * i - 2] = leased
            reply[3 * i - 1] = left
            reply[3 * i] = math.max(1, math.ceil(backlog - limit + (left + 1) * interval))
        end
        return reply
        """)

    static func keys(_ asks: ArraySlice<LeaseAsk>) -> [RedisArgument] {
        asks.map { $0.key.redisKey($0.terms.policy) }
    }

    static func arguments(_ asks: ArraySlice<LeaseAsk>, gateways: Int) -> [RedisArgument] {
        // With half of what is there for each who asks, several gateways find something although each takes first turn
        // some time, and all of it is taken in a few rounds.
        var arguments: [RedisArgument] = [RedisArgument(max(2, gateways))]
        for ask in asks {
            let policy = ask.terms.policy
            arguments.append(RedisArgument(policy.windowSeconds * 1_000_000))
            arguments.append(RedisArgument(policy.quota))
            arguments.append(RedisArgument(policy.burst))
            arguments.append(RedisArgument(ask.owed))
            arguments.append(RedisArgument(ask.wanted))
        }
        return arguments
    }

    /// Reads the answer; nil where it is none.
    static func grants(_ reply: RedisValue, count: Int) -> [LeaseGrant]? {
        guard let numbers = reply.array?.map(\.int), numbers.count == 3 * count else { return nil }
        var grants: [LeaseGrant] = []
        for index in stride(from: 0, to: numbers.count, by: 3) {
            guard let units = numbers[index], let left = numbers[index + 1], let untilNext = numbers[index + 2]
            else { return nil }
            grants.append(LeaseGrant(units: units, left: left, untilNext: Int64(untilNext)))
        }
        return grants
    }
}
