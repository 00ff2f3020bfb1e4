import Testing

@testable import Limits

@Suite struct RateLimitFieldsTests {
    private func terms(_ name: String, _ quota: Int, _ window: Duration) throws -> PolicyTerms {
        PolicyTerms(try RatePolicy(name, quota: quota, per: window), gateways: 1)
    }

    private func verdict(_ standings: [(PolicyTerms, Int64)]) -> Verdict {
        var verdict = Verdict()
        for (position, (terms, backlog)) in standings.enumerated() {
            let decision = terms.policy.gcra.decision(backlog: backlog)
            verdict.append(Standing(terms, position: position, decision, source: .redis))
        }
        return verdict
    }

    /// The one member of a structured field list: a string with integer parameters.
    private func parse(_ field: String) throws -> (name: String, parameters: [String: Int]) {
        let match = try #require(field.wholeMatch(of: #/"([ -~&&[^"\\]]*)"((?:;[a-z]+=-?[0-9]{1,15})*)/#))
        var parameters: [String: Int] = [:]
        for pair in match.2.split(separator: ";") {
            let parts = pair.split(separator: "=")
            parameters[String(parts[0])] = Int(parts[1])
        }
        return (String(match.1), parameters)
    }

    @Test("the fields parse back to the standing")
    func parsing() throws {
        let login = try terms("login", 10, .seconds(60))
        let fields = try #require(RateLimitFields(verdict([(login, 14_500_000)])))
        #expect(fields.policy == "\"login\";q=10;w=60")
        #expect(fields.limit == "\"login\";r=6;t=21")
        #expect(fields.retryAfter == nil)
        let (name, parameters) = try parse(fields.limit)
        #expect(name == "login")
        #expect(parameters == ["r": 6, "t": 21])
        #expect(try parse(fields.policy).parameters == ["q": 10, "w": 60])
    }

    @Test(
        "a refusal says when to come again, rounded up, in both fields alike",
        arguments: [
            (54_000_001 as Int64, 1), (55_000_000, 1), (55_000_001, 2), (60_000_000, 6), (.max, 6),
        ])
    func refusal(_ backlog: Int64, _ seconds: Int) throws {
        let login = try terms("login", 10, .seconds(60))
        let fields = try #require(RateLimitFields(verdict([(login, backlog)])))
        #expect(fields.retryAfter == "\(seconds)")
        #expect(fields.limit == "\"login\";r=0;t=\(seconds)")
    }

    @Test("waiting Retry-After seconds is in time, a second less is not")
    func exactness() throws {
        let login = try terms("login", 10, .seconds(60))
        for offset in stride(from: Int64(0), to: 6_000_000, by: 333_333) {
            let backlog = 60_000_000 - offset
            let fields = try #require(RateLimitFields(verdict([(login, backlog)])))
            let wait = try #require(Int64(fields.retryAfter ?? "")) * 1_000_000
            #expect(login.policy.gcra.decision(backlog: backlog - wait).isAdmitted)
            #expect(!login.policy.gcra.decision(backlog: backlog - wait + 1_000_000).isAdmitted)
        }
    }

    @Test("the policy closest to exhaustion is the one reported")
    func tightest() throws {
        let (login, address) = (try terms("login", 10, .seconds(60)), try terms("address", 20, .seconds(60)))
        let roomy = try #require(RateLimitFields(verdict([(address, 0), (login, 0)])))
        #expect(roomy.limit.hasPrefix("\"login\";r=9;"))
        let tight = try #require(RateLimitFields(verdict([(login, 0), (address, 50_000_000)])))
        #expect(tight.limit.hasPrefix("\"address\";r=2;"))
        // Of two that refuse, the one to be waited for longer.
        let refused = try #require(RateLimitFields(verdict([(address, 60_000_000), (login, 60_000_000)])))
        #expect(refused.limit == "\"login\";r=0;t=6")
        #expect(refused.retryAfter == "6")
    }

    @Test("a request without demands is admitted and has no fields")
    func none() {
        #expect(Verdict().isAdmitted)
        #expect(RateLimitFields(Verdict()) == nil)
    }
}
