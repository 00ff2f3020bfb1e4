import Testing

@testable import Limits

@Suite struct GcraTests {
    /// Ten a minute.
    private let gcra = Gcra(interval: 6_000_000, burst: 10)

    private func admitted(_ gcra: Gcra, _ arrival: inout Int64, tries: Int, at now: Int64) -> Int {
        (0..<tries).count { _ in gcra.decide(&arrival, at: now).isAdmitted }
    }

    @Test("a key that has rested spends its burst at once, and no more", arguments: [1, 2, 10, 1000])
    func burst(_ size: Int) {
        let gcra = Gcra(interval: 1000, burst: size)
        var arrival = Int64.min
        for left in (0..<size).reversed() {
            let decision = gcra.decide(&arrival, at: 50)
            #expect(decision.isAdmitted)
            #expect(decision.remaining == left)
            #expect(decision.reset == Int64(size - left) * 1000)
        }
        let refused = gcra.decide(&arrival, at: 50)
        #expect(refused == Gcra.Decision(isAdmitted: false, remaining: 0, retryAfter: 1000, reset: Int64(size) * 1000))
    }

    @Test("a full burst at a window's end leaves next to nothing at the next one's start")
    func boundary() {
        var arrival = Int64.min
        #expect(admitted(gcra, &arrival, tries: 50, at: 59_999_999) == 10)
        #expect(admitted(gcra, &arrival, tries: 50, at: 60_000_001) == 0)
        #expect(admitted(gcra, &arrival, tries: 50, at: 66_000_000) == 1)
    }

    @Test("a refused request is admitted after exactly the time it was told, and not a microsecond sooner")
    func retry() {
        for offset in [Int64(0), 1, 999, 5_999_999] {
            var arrival = Int64.min
            _ = admitted(gcra, &arrival, tries: 10, at: 0)
            let wait = gcra.decide(&arrival, at: offset).retryAfter
            #expect(wait == 6_000_000 - offset)
            #expect(!gcra.decide(&arrival, at: offset + wait - 1).isAdmitted)
            #expect(gcra.decide(&arrival, at: offset + wait).isAdmitted)
        }
    }

    @Test("refusals cost nothing")
    func refusals() {
        var arrival = Int64.min
        _ = admitted(gcra, &arrival, tries: 10, at: 0)
        let before = arrival
        #expect(admitted(gcra, &arrival, tries: 1000, at: 1) == 0)
        #expect(arrival == before)
    }

    @Test("over a long time the rate is the quota")
    func rate() {
        var arrival = Int64.min
        let total = stride(from: Int64(0), to: 600_000_000, by: 100_000).count {
            gcra.decide(&arrival, at: $0).isAdmitted
        }
        // The burst, and 100 intervals less the last moment.
        #expect(total == 109)
    }

    @Test("a clock that goes back locks nobody for longer than a refill")
    func clockBack() {
        var arrival = Int64.min
        _ = admitted(gcra, &arrival, tries: 10, at: 3_600_000_000)
        let refused = gcra.decide(&arrival, at: 0)
        #expect(refused == Gcra.Decision(isAdmitted: false, remaining: 0, retryAfter: 6_000_000, reset: 60_000_000))
        #expect(gcra.decide(&arrival, at: 6_000_000).isAdmitted)
    }

    @Test("a clock that leaps ahead fills the bucket once")
    func clockAhead() {
        var arrival = Int64.min
        _ = admitted(gcra, &arrival, tries: 10, at: 0)
        #expect(admitted(gcra, &arrival, tries: 50, at: .max / 2) == 10)
    }

    @Test("a refund makes the last unit available again")
    func refund() {
        var arrival = Int64.min
        _ = admitted(gcra, &arrival, tries: 10, at: 0)
        gcra.refund(&arrival)
        #expect(admitted(gcra, &arrival, tries: 5, at: 0) == 1)
    }

    @Test("no numbers overflow, and the answer is always sane")
    func hostileNumbers() {
        let numbers: [Int64] = [.min, .min + 1, -1, 0, 1, 1_700_000_000_000_000, 1 << 53, .max / 2, .max - 1, .max]
        for interval in numbers {
            for burst in [Int.min, 0, 1, 7, 1 << 40, .max] {
                let gcra = Gcra(interval: interval, burst: burst)
                for arrival in numbers {
                    for now in numbers {
                        var arrival = arrival
                        let decision = gcra.decide(&arrival, at: now)
                        gcra.refund(&arrival)
                        #expect(decision.remaining >= 0)
                        #expect(0...gcra.interval ~= decision.retryAfter)
                        #expect(0...gcra.limit ~= decision.reset)
                        #expect(decision.isAdmitted || decision.retryAfter > 0)
                    }
                }
            }
        }
    }
}
