import Testing

@testable import Limits

/// Leases without Redis: a bucket of this file's own answers what accounts ask.
@Suite struct AccountTests {
    private func terms(quota: Int, burst: Int? = nil) throws -> PolicyTerms {
        PolicyTerms(
            try RatePolicy("api", quota: quota, per: .seconds(60), burst: burst, kind: .leased), gateways: 1)
    }

    private func spend(_ account: inout Account, _ terms: PolicyTerms, tries: Int, at now: Int64) -> Int {
        (0..<tries).count { _ in account.decideByLease(terms, now: now).isAdmitted }
    }

    @Test("before the first lease a bucket of the whole policy decides, and what it admits is owed")
    func provisional() throws {
        let terms = try terms(quota: 100)
        var account = Account(terms, now: 0)
        #expect(spend(&account, terms, tries: 1000, at: 0) == 100)
        #expect(account.isUrgent(terms, now: 0))
        let finding = account.review(terms, now: 0, isRegular: false)
        #expect(finding.isAsking)
        #expect(finding.owed == 100)
    }

    @Test("a lease is spent, then a little credit while Redis is known to have more, then nothing")
    func lease() throws {
        let terms = try terms(quota: 1000)
        var account = Account(terms, now: 0)
        _ = account.review(terms, now: 0, isRegular: true)
        account.settle(LeaseGrant(units: 50, left: 40, untilNext: 60_000), isDone: false, now: 0)
        // A hundredth of the quota.
        #expect(spend(&account, terms, tries: 100, at: 0) == 60)
        #expect(account.balance == -10)
        #expect(account.review(terms, now: 0, isRegular: false).owed == 10)
    }

    @Test("an account that Redis has nothing for refuses, and says when there will be something")
    func exhausted() throws {
        let terms = try terms(quota: 10)
        var account = Account(terms, now: 0)
        _ = account.review(terms, now: 0, isRegular: true)
        account.settle(LeaseGrant(units: 0, left: -1, untilNext: 4_000_000), isDone: false, now: 0)
        let refused = account.decideByLease(terms, now: 0)
        #expect(refused == Gcra.Decision(isAdmitted: false, remaining: 0, retryAfter: 10_000_000, reset: 60_000_000))
        #expect(!account.isUrgent(terms, now: 0))
        #expect(!account.decideByLease(terms, now: 9_999_999).isAdmitted)
        #expect(account.decideByLease(terms, now: 10_000_000).isAdmitted)
    }

    @Test("an idle account gives back what it holds and remembers how full the bucket was")
    func idle() throws {
        let terms = try terms(quota: 60, burst: 40)
        var account = Account(terms, now: 0)
        #expect(spend(&account, terms, tries: 10, at: 0) == 10)
        #expect(account.review(terms, now: 0, isRegular: true).owed == 10)
        account.settle(LeaseGrant(units: 15, left: 15, untilNext: 1_000_000), isDone: false, now: 0)
        // The first review that sees no use comes before the account counts as idle.
        #expect(!account.review(terms, now: 100_000, isRegular: true).isDone)
        let finding = account.review(terms, now: 1_500_000, isRegular: true)
        #expect(finding == Account.Finding(owed: 0, wanted: -15, isAsking: true, isDone: true))
        account.settle(LeaseGrant(units: 0, left: 31, untilNext: 1), isDone: true, now: 1_500_000)
        // 15 held and 15 left, and one more since.
        #expect(spend(&account, terms, tries: 100, at: 1_500_000) == 31)
    }

    @Test("what was owed when Redis did not answer is owed again")
    func reopening() throws {
        let terms = try terms(quota: 100)
        var account = Account(terms, now: 0)
        _ = spend(&account, terms, tries: 7, at: 0)
        let finding = account.review(terms, now: 0, isRegular: false)
        #expect(account.balance == 0)
        account.reopen(owed: finding.owed)
        #expect(account.review(terms, now: 0, isRegular: false).owed == 7)
    }

    @Test("a refund is worth a unit", arguments: [false, true])
    func refund(_ hasLease: Bool) throws {
        let terms = try terms(quota: 10)
        var account = Account(terms, now: 0)
        if hasLease {
            _ = account.review(terms, now: 0, isRegular: true)
            account.settle(LeaseGrant(units: 10, left: 0, untilNext: 6_000_000), isDone: false, now: 0)
        }
        #expect(spend(&account, terms, tries: 20, at: 0) == 10)
        account.refundLease(terms)
        #expect(spend(&account, terms, tries: 20, at: 0) == 1)
    }

    @Test(
        "the floor bucket has half of everything, shared by the gateways",
        arguments: [
            (1, 10, 5), (2, 10, 2), (4, 10, 1), (100, 10, 1), (1, 1, 1),
        ])
    func floor(_ gateways: Int, _ quota: Int, _ burst: Int) throws {
        let policy = try RatePolicy("login", quota: quota, per: .seconds(60))
        let terms = PolicyTerms(policy, gateways: gateways)
        var account = Account(terms, now: 0)
        #expect((0..<50).count { _ in account.decideByFloor(terms, now: 0).isAdmitted } == burst)
        let interval = policy.gcra.interval * Int64(2 * gateways)
        #expect(!account.decideByFloor(terms, now: interval - 1).isAdmitted)
        #expect(account.decideByFloor(terms, now: interval).isAdmitted)
    }
}
