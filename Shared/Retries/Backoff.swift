package import NIOCore

/// Pauses between attempts: doubling from the minimum to the maximum, each shortened at random by up to half so that
/// processes that lost one server do not come back in step.
package struct Backoff: Sendable {
    private let minimum: TimeAmount
    private let maximum: TimeAmount
    private var failures = 0

    /// Pauses from `minimum` to `maximum`, or of `minimum` alone where that is longer.
    package init(minimum: TimeAmount, maximum: TimeAmount) {
        self.minimum = minimum
        self.maximum = max(minimum, maximum)
    }

    /// Begins with the minimum again: an attempt was a success.
    package mutating func reset() {
        failures = 0
    }

    /// The pause before the next attempt, given a fraction from 0 to 1.
    package mutating func next(fraction: Double) -> TimeAmount {
        let doubled = Double(minimum.nanoseconds) * Double(UInt64(1) << UInt64(min(failures, 30)))
        failures += 1
        let longest = min(doubled, Double(maximum.nanoseconds))
        return .nanoseconds(Int64(longest * (1 - 0.5 * min(max(fraction, 0), 1))))
    }
}
