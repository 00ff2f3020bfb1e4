import Redis

/// Decides strict policies in Redis: all the demands of a request in one step, by Redis's clock, and in full or not at
/// all.
enum StrictScript {
    /// For each key the interval and the limit of its ``Gcra``, in microseconds. Answers 1 where all admit, then how
    /// far each key's arrival time was ahead before.
    ///
    /// What is stored is the arrival time in microseconds since 1970; anything else counts as nothing. A key is written
    /// together with its time to live, which is how long its count matters.
    static let script = RedisScript(
        """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local stored = redis.call('MGET', unpack(KEYS))
        local reply = {1}
        for i = 1, #KEYS do
            local arrival = tonumber(stored[i] or 0)
            if not arrival or arrival ~= arrival then arrival = 0 end
            local interval, limit = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
            local backlog = math.min(math.max(arrival - now, 0), limit)
            if backlog + interval > limit then reply[1] = 0 end
            reply[i + 1] = backlog
        end
        if reply[1] == 1 then
            for i = 1, #KEYS do
                local ahead = reply[i + 1] + tonumber(ARGV[2 * i - 1])
                redis.call('SET', KEYS[i], string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000))
            end
        end
        return reply
        """)

    /// The strict demands of one request, ready to be asked, with what the leased ones already said.
    struct Call {
        let demands: [Demand]
        /// Places in `demands`.
        var positions: [Int] = []
        var keys: [RedisArgument] = []
        var arguments: [RedisArgument] = []
        /// The leased demands' standings, all admitting and all charged.
        var verdict: Verdict

        init(_ demands: [Demand], after verdict: Verdict) {
            self.demands = demands
            self.verdict = verdict
            for (position, demand) in demands.enumerated() where demand.policy.kind == .strict {
                positions.append(position)
                keys.append(RateKey(subject: demand.subject).redisKey(demand.policy))
                arguments.append(.integer(demand.policy.gcra.interval))
                arguments.append(.integer(demand.policy.gcra.limit))
            }
        }

        /// Reads the answer; nil where it is none.
        func decisions(_ reply: RedisValue) -> [Gcra.Decision]? {
            guard let elements = reply.array, elements.count == positions.count + 1,
                let mark = elements[0].int
            else { return nil }
            var decisions: [Gcra.Decision] = []
            for (position, element) in zip(positions, elements.dropFirst()) {
                guard let backlog = element.int else { return nil }
                let gcra = demands[position].policy.gcra
                decisions.append(gcra.decision(backlog: Int64(backlog), isCharged: mark == 1))
            }
            // Both sides do the same sum; if they differed, something else than our script would have answered.
            return decisions.allSatisfy(\.isAdmitted) == (mark == 1) ? decisions : nil
        }
    }
}
