import NIOCore
import Retries
import Testing

@Suite("Pauses between attempts")
struct BackoffTests {
    private static let limits = (minimum: TimeAmount.milliseconds(50), maximum: TimeAmount.seconds(2))

    @Test("they double up to the maximum, however often an attempt fails")
    func doubling() {
        var backoff = Backoff(minimum: Self.limits.minimum, maximum: Self.limits.maximum)
        let pauses = (0..<200).map { _ in backoff.next(fraction: 0) }
        let expected: [Int64] = [50, 100, 200, 400, 800, 1600, 2000, 2000]
        #expect(Array(pauses.prefix(8)) == expected.map { TimeAmount.milliseconds($0) })
        #expect(pauses.suffix(190).allSatisfy { $0 == Self.limits.maximum })
    }

    @Test("chance shortens them by half at most, and a success begins anew")
    func shortening() {
        var backoff = Backoff(minimum: Self.limits.minimum, maximum: Self.limits.maximum)
        for _ in 0..<10 { _ = backoff.next(fraction: 0.5) }
        #expect(backoff.next(fraction: 1) == .seconds(1))
        #expect(backoff.next(fraction: 7) == .seconds(1))
        backoff.reset()
        #expect(backoff.next(fraction: 1) == .milliseconds(25))
    }

    @Test("a minimum above the maximum is the pause")
    func inverted() {
        var backoff = Backoff(minimum: .seconds(3), maximum: .seconds(2))
        #expect((0..<3).map { _ in backoff.next(fraction: 0) } == Array(repeating: .seconds(3), count: 3))
    }
}
