import Testing

@testable import Limits

@Suite struct RatePolicyTests {
    private func flaw(
        _ name: String = "login", _ quota: Int = 10, _ window: Duration = .seconds(60), _ burst: Int? = nil
    ) -> RatePolicy.Flaw? {
        do {
            _ = try RatePolicy(name, quota: quota, per: window, burst: burst)
            return nil
        } catch {
            return error
        }
    }

    @Test("burst is the quota unless given, and a policy strict")
    func defaults() throws {
        let policy = try RatePolicy("login", quota: 10, per: .seconds(60))
        #expect(policy.burst == 10)
        #expect(policy.kind == .strict)
        #expect(policy.gcra == Gcra(interval: 6_000_000, burst: 10))
    }

    @Test("an interval that is no whole number is rounded to the strict side")
    func rounding() throws {
        let policy = try RatePolicy("odd", quota: 7, per: .seconds(60))
        #expect(policy.gcra.interval == 8_571_429)
    }

    @Test(
        "names that could not stand in a header field are refused",
        arguments: [
            "", "a b", "a\"b", "a\\b", "a:b", "a\nb", "ä", String(repeating: "a", count: 65),
        ])
    func names(_ name: String) {
        #expect(flaw(name) == .name)
    }

    @Test("impossible numbers are refused")
    func numbers() {
        #expect(flaw() == nil)
        #expect(flaw("a.b_c-D9") == nil)
        for quota in [0, -1, .min, .max, 60_000_001] { #expect(flaw("a", quota) == .quota) }
        let windows: [Duration] = [
            .zero, .seconds(-1), .milliseconds(1500), .seconds(Int64.max), .seconds(367 * 86_400),
        ]
        for window in windows {
            #expect(flaw("a", 1, window) == .window)
        }
        for burst in [0, -1, .min, .max, 1 << 50] { #expect(flaw("a", 1, .seconds(60), burst) == .burst) }
        #expect(flaw("a", 60_000_000) == nil)
        #expect(flaw("a", 1, .seconds(366 * 86_400), 9) == nil)
    }
}
