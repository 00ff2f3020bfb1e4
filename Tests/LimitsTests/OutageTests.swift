import GatehouseTesting
import NIOCore
import Testing

@testable import Limits

@Suite(.serialized, .timeLimit(.minutes(5))) struct OutageTests {
    @Test("with Redis gone half the rate goes on, for strict and leased alike, and with Redis back all of it")
    func stopped() async throws {
        let strict = try RatePolicy("login", quota: 20, per: .seconds(3600))
        let leased = try RatePolicy("api", quota: 100, per: .seconds(3600), kind: .leased)
        let server = try TemporaryRedis()
        try await withGateways(2, to: server.url(), timeout: .milliseconds(500), configure: { $0.gateways = 2 }) {
            gateways async throws in
            #expect(try await gateways[0].decide(Demand(strict, freshSubject())).source == .redis)
            server.stop()
            for gateway in gateways {
                // Whoever asks first may learn it from this call.
                _ = try await gateway.decide(Demand(strict, freshSubject()))
                #expect(gateway.limiter.isDegraded)
                let (account, client) = (Demand(strict, freshSubject()), Demand(leased, freshSubject()))
                var (logins, calls) = (0, 0)
                for _ in 0..<200 {
                    let login = try await gateway.decide(account)
                    #expect(login.source == .local)
                    if login.isAdmitted { logins += 1 } else { #expect(login.retryAfterSeconds > 0) }
                    if try await gateway.decide(client).isAdmitted { calls += 1 }
                }
                // Half of 20 and of 100, by two gateways.
                #expect(logins == 5)
                #expect(calls == 25)
                #expect(gateway.limiter.decideInMemory([account])?.isAdmitted == false)
            }
            try server.start()
            for gateway in gateways {
                // Without any request.
                try await eventually { !gateway.limiter.isDegraded }
                try await eventually { try await gateway.decide(Demand(strict, freshSubject())).source == .redis }
                let demand = Demand(strict, freshSubject())
                var passed = 0
                for _ in 0..<30 where try await gateway.decide(demand).isAdmitted { passed += 1 }
                #expect(passed == 20)
            }
        }
    }

    @Test("with Redis hung no decision waits longer than the client's deadline, and most do not wait")
    func hung() async throws {
        let policy = try RatePolicy("login", quota: 20, per: .seconds(3600))
        let server = try TemporaryRedis()
        try await withGateways(1, to: server.url(), timeout: .milliseconds(100)) { gateways async throws in
            let gateway = gateways[0]
            try await eventually { try await gateway.decide(Demand(policy, freshSubject())).source == .redis }
            server.suspend()
            let demand = Demand(policy, freshSubject())
            let clock = ContinuousClock()
            let start = clock.now
            var passed = 0
            for _ in 0..<200 where try await gateway.decide(demand).isAdmitted { passed += 1 }
            // Five calls of 100 ms open the breaker; 200 of them would be 20 s.
            #expect(clock.now - start < .seconds(8))
            #expect(passed == 10)
            #expect(gateway.limiter.isDegraded)
            server.resume()
            try await eventually { !gateway.limiter.isDegraded }
            try await eventually { try await gateway.decide(Demand(policy, freshSubject())).source == .redis }
        }
    }

    @Test(
        "Redis flushed half-way lets through no more than twice the limit",
        arguments: [RatePolicy.Kind.strict, .leased])
    func flushed(_ kind: RatePolicy.Kind) async throws {
        let policy = try RatePolicy("flush", quota: 1000, per: .seconds(36_000), kind: kind)
        let server = try TemporaryRedis()
        try await withGateways(2, to: server.url()) { gateways async throws in
            let demand = Demand(policy, freshSubject())
            var (round, passed) = (0, 0)
            // Leases come when Redis has answered, so the whole limit may take its time to come.
            while round < 5000 || passed < 1000 {
                if round == 300 { try server.execute("FLUSHALL") }
                if try await gateways[round % 2].decide(demand).isAdmitted { passed += 1 }
                round += 1
            }
            #expect(passed <= 2000)
        }
    }

    @Test("a restart of Redis is got over without an error")
    func restarted() async throws {
        let policy = try RatePolicy("login", quota: 10, per: .seconds(3600))
        let server = try TemporaryRedis()
        try await withGateways(2, to: server.url(), timeout: .milliseconds(500)) { gateways async throws in
            let demand = Demand(policy, freshSubject())
            var passed = 0
            for round in 0..<100 {
                if round == 5 { try server.restart() }
                if try await gateways[round % 2].decide(demand).isAdmitted { passed += 1 }
            }
            #expect(passed >= 5)
            // Five before; then at most the floors of both and the fresh count.
            #expect(passed <= 25)
            for gateway in gateways { try await eventually { !gateway.limiter.isDegraded } }
        }
    }

    @Test("a caller who goes away does not make it look as if Redis had")
    func cancelled() async throws {
        let policy = try RatePolicy("login", quota: 10, per: .seconds(3600))
        try await withGateways(1, to: SharedServer.get().url()) { gateways async throws in
            let limiter = gateways[0].limiter
            let verdict = await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await limiter.decide([Demand(policy, freshSubject())])
            }.value
            #expect(verdict.limits.first?.source == .local)
            #expect(!limiter.isDegraded)
        }
    }
}
