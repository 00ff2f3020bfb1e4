import GatehouseTesting
import Testing

@testable import Limits

@Suite(.timeLimit(.minutes(5))) struct StrictTests {
    private let hourly = Result { try RatePolicy("login", quota: 10, per: .seconds(3600)) }

    @Test("of 200 at once over four gateways exactly ten pass, in 200 rounds")
    func exactness() async throws {
        let policy = try hourly.get()
        try await withGateways(4, to: SharedServer.get().url()) { gateways async throws in
            for _ in 0..<200 {
                let demand = Demand(policy, freshSubject())
                let passed = try await withThrowingTaskGroup { group in
                    for number in 0..<200 {
                        // Half on the event loop, half from tasks.
                        group.addTask {
                            let gateway = gateways[number % 4]
                            if number % 8 < 4 { return try await gateway.decide([demand]).isAdmitted }
                            return await gateway.limiter.decide([demand]).isAdmitted
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(passed == 10)
                guard passed == 10 else { return }
            }
            #expect(gateways.allSatisfy { !$0.limiter.isDegraded })
        }
    }

    @Test("where one of two policies refuses, neither is charged, also under a rush")
    func allOrNone() async throws {
        let (small, large) = (
            try RatePolicy("small", quota: 5, per: .seconds(3600)),
            try RatePolicy("large", quota: 50, per: .seconds(3600))
        )
        try await withGateways(2, to: SharedServer.get().url()) { gateways async throws in
            for _ in 0..<100 {
                let (account, address) = (Demand(small, freshSubject()), Demand(large, freshSubject()))
                let passed = try await withThrowingTaskGroup { group in
                    for number in 0..<40 {
                        group.addTask {
                            let demands = number % 3 == 0 ? [account, address] : [address, account]
                            return try await gateways[number % 2].decide(demands).isAdmitted
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(passed == 5)
                // Five are gone of each, and this one.
                #expect(try await gateways[0].decide(address).remaining == 44)
            }
        }
    }

    @Test("each pair tells how it stands, and which refuses")
    func standings() async throws {
        let (small, large) = (
            try RatePolicy("small", quota: 1, per: .seconds(3600)),
            try RatePolicy("large", quota: 50, per: .seconds(3600))
        )
        try await withGateways(1, to: SharedServer.get().url()) { gateways async throws in
            let demands = [Demand(large, freshSubject()), Demand(small, freshSubject())]
            let first = try await gateways[0].decide(demands)
            #expect(first.isAdmitted)
            #expect(first.limits.map(\.remaining) == [49, 0])
            #expect(first.limits.map(\.position) == [0, 1])
            let second = try await gateways[0].decide(demands)
            #expect(!second.isAdmitted)
            #expect(second.limits.map(\.isAdmitted) == [true, false])
            #expect(second.limits.map(\.remaining) == [49, 0])
            #expect(second.tightest?.policy == small)
            #expect(3500...3600 ~= second.tightest?.retryAfterSeconds ?? 0)
        }
    }

    @Test("what another account does for itself resets nothing of an address")
    func addressIsNotReset() async throws {
        let (perAccount, perAddress) = (
            try RatePolicy("account", quota: 10, per: .seconds(3600)),
            try RatePolicy("address", quota: 20, per: .seconds(3600))
        )
        try await withGateways(1, to: SharedServer.get().url()) { gateways async throws in
            let address = Demand(perAddress, freshSubject())
            let accounts = (0..<40).map { _ in Demand(perAccount, freshSubject()) }
            var passed = 0
            for account in accounts where try await gateways[0].decide([account, address]).isAdmitted { passed += 1 }
            #expect(passed == 20)
        }
    }

    @Test("by Redis's clock, waiting Retry-After is in time and a second less is not")
    func retryAfter() async throws {
        let server = try SharedServer.get()
        let policy = try RatePolicy("retry", quota: 2, per: .seconds(7200))
        try await withGateways(2, to: server.url()) { gateways async throws in
            // A round in which the machine stood still proves nothing.
            for _ in 0..<20 {
                let demand = Demand(policy, freshSubject())
                for index in 0..<2 { #expect(try await gateways[index].decide(demand).isAdmitted) }
                let start = ContinuousClock.now
                let refused = try await gateways[0].decide(demand)
                #expect(!refused.isAdmitted)
                try server.age(demand, by: .seconds(refused.retryAfterSeconds - 1))
                let early = try await gateways[1].decide(demand)
                guard ContinuousClock.now - start < .milliseconds(900) else { continue }
                #expect(!early.isAdmitted)
                #expect(early.retryAfterSeconds == 1)
                try server.age(demand, by: .seconds(1))
                #expect(try await gateways[1].decide(demand).isAdmitted)
                return
            }
            Issue.record("the machine is too slow")
        }
    }

    @Test("no key is without a time to live, whenever one looks and however gateways end")
    func timeToLive() async throws {
        let server = try TemporaryRedis()
        let strict = try RatePolicy("strict", quota: 10, per: .seconds(3600))
        let leased = try RatePolicy("leased", quota: 1000, per: .seconds(3600), kind: .leased)
        // The limiters are not told to end: their leases stay as they are, as with a kill.
        try await withGateways(2, to: server.url(), isRunning: false) { gateways async throws in
            try await withThrowingTaskGroup { group in
                for gateway in gateways {
                    group.addTask {
                        for round in 0..<300 {
                            let subject = freshSubject()
                            _ = try await gateway.decide([Demand(strict, subject), Demand(leased, subject)])
                            if round % 10 == 0 { await gateway.limiter.reviewLeases() }
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<20 {
                        let keys = try server.eternalKeys()
                        #expect(keys.isEmpty)
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(try server.keyCount() > 500)
        #expect(try server.eternalKeys() == "")
    }

    @Test("what others wrote into a key is nothing to fall over")
    func foreignValues() async throws {
        let server = try SharedServer.get()
        let policy = try hourly.get()
        let leased = try RatePolicy("foreign", quota: 10, per: .seconds(3600), kind: .leased)
        try await withGateways(1, to: server.url(), isRunning: false) { gateways async throws in
            let values = ["", "x", "nan", "-nan", "inf", "-inf", "1e308", "-1e308", "0x7fffffffffffffff", "1e999"]
            for value in values {
                for policy in [policy, leased] {
                    let demand = Demand(policy, freshSubject())
                    try server.execute("SET", demand.redisKey, value)
                    let standing = try await gateways[0].decide(demand)
                    #expect(standing.retryAfterSeconds <= 360)
                    await gateways[0].limiter.reviewLeases()
                    _ = try await gateways[0].decide(demand)
                }
            }
            let list = Demand(policy, freshSubject())
            try server.execute("LPUSH", list.redisKey, "x")
            #expect(try await gateways[0].decide(list).remaining == 9)
            #expect(!gateways[0].limiter.isDegraded)
        }
    }
}
