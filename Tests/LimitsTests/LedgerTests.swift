import Synchronization
import Testing

@testable import Limits

@Suite struct LedgerTests {
    private func policy(_ kind: RatePolicy.Kind = .leased) throws -> RatePolicy {
        try RatePolicy("api", quota: 100, per: .seconds(60), kind: kind)
    }

    @Test("memory is bounded whatever subjects come, and what had to go is settled with Redis")
    func bound() throws {
        let ledger = Ledger(capacity: 1000, gateways: 1) {}
        let policy = try policy()
        for number in 0..<100_000 {
            #expect(ledger.charge(Demand(policy, "key-\(number)"), position: 0, byFloor: false, now: 0).isAdmitted)
        }
        let counts = ledger.takeCounts()
        #expect(counts.accounts <= 1008)
        #expect(counts.accounts + counts.evictions == 100_000)
        let asks = ledger.review(isRegular: true, now: 0)
        let leftovers = asks.filter { $0.place == nil }
        #expect(asks.count - leftovers.count == counts.accounts)
        #expect(leftovers.count == 16 * 1024)
        #expect(leftovers.allSatisfy { $0.owed == 1 && $0.wanted == 0 })
    }

    @Test("a key in use stays while two hundred thousand others pass by")
    func leastRecentlyUsed() throws {
        let ledger = Ledger(capacity: 1000, gateways: 1) {}
        let policy = try policy(.strict)
        let victim = Demand(policy, "victim")
        var passed = 0
        for number in 0..<200_000 {
            _ = ledger.charge(Demand(policy, "key-\(number)"), position: 0, byFloor: true, now: 0)
            guard number % 100 == 0 else { continue }
            if ledger.charge(victim, position: 0, byFloor: true, now: 0).isAdmitted { passed += 1 }
        }
        // Half of the burst, once.
        #expect(passed == 50)
    }

    @Test("policies and subjects do not get into each other's way")
    func separation() throws {
        let ledger = Ledger(capacity: 1000, gateways: 1) {}
        let (one, other) = (
            try RatePolicy("one", quota: 1, per: .seconds(60), kind: .leased),
            try RatePolicy("other", quota: 1, per: .seconds(60), kind: .leased)
        )
        let subjects = [
            "", "a", "A", "a ", " a", "a:b", "a\nb", "a\r\nb", "*", "a*", "[a]", "a\0", "a\0\0", "gh:rl:one:a", "ä",
            "a\u{308}", String(repeating: "a", count: 1024), String(repeating: "a", count: 1025), "'; return 1 --",
        ]
        for policy in [one, other] {
            for subject in subjects {
                #expect(ledger.charge(Demand(policy, subject), position: 0, byFloor: false, now: 0).isAdmitted)
                #expect(!ledger.charge(Demand(policy, subject), position: 0, byFloor: false, now: 0).isAdmitted)
            }
        }
        #expect(ledger.takeCounts().accounts == 2 * subjects.count)
    }

    @Test("what Redis leases for an account that had to go is given back")
    func lateGrant() throws {
        let ledger = Ledger(capacity: 16, gateways: 1) {}
        let policy = try policy()
        _ = ledger.charge(Demand(policy, "first"), position: 0, byFloor: false, now: 0)
        let ask = try #require(ledger.review(isRegular: false, now: 0).first)
        for number in 0..<1000 {
            _ = ledger.charge(Demand(policy, "key-\(number)"), position: 0, byFloor: false, now: 0)
        }
        ledger.settle(ask, LeaseGrant(units: 5, left: 0, untilNext: 1), now: 0)
        let returned = ledger.review(isRegular: false, now: 0).filter { $0.key == ask.key }
        #expect(returned.map(\.wanted) == [-5])
    }

    @Test("an account is asked for once, until Redis has answered")
    func urgency() throws {
        let wakes = Wakes()
        let ledger = Ledger(capacity: 16, gateways: 1) { wakes.count() }
        let demand = Demand(try policy(), "key")
        for _ in 0..<5 { _ = ledger.charge(demand, position: 0, byFloor: false, now: 0) }
        #expect(wakes.taken == 1)
        let asks = ledger.review(isRegular: false, now: 0)
        #expect(asks.count == 1)
        #expect(ledger.review(isRegular: false, now: 0).isEmpty)
        for _ in 0..<5 { _ = ledger.charge(demand, position: 0, byFloor: false, now: 0) }
        #expect(ledger.review(isRegular: false, now: 0).isEmpty)
        for ask in asks { ledger.settle(ask, LeaseGrant(units: 25, left: 60, untilNext: 1), now: 0) }
        #expect(wakes.taken == 1)
        #expect(ledger.charge(demand, position: 0, byFloor: false, now: 0).remaining == 79)
    }
}

private final class Wakes: Sendable {
    private let number = Atomic(0)
    var taken: Int { number.load(ordering: .relaxed) }
    func count() { number.add(1, ordering: .relaxed) }
}
