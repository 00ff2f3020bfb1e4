import CoreMetrics
import Synchronization

/// Counts observations by size; also for timers, in seconds.
final class HistogramSeries: TimerHandler, RecorderHandler {
    /// No histogram has more upper bounds; one place more counts what lies above the last.
    static let maximumBounds = 23

    let place: SeriesPlace
    let bounds: [Double]
    private let counts = InlineArray<24, Atomic<Int>> { _ in Atomic(0) }
    private let sum = AtomicSum()

    /// - Parameter bounds: Ascending, at most `maximumBounds`.
    init(_ place: SeriesPlace, bounds: [Double]) {
        self.place = place
        self.bounds = bounds
    }

    func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1_000_000_000) }
    func record(_ value: Int64) { observe(Double(value)) }
    func record(_ value: Double) { observe(value) }

    /// How many observations lie at or below each bound, then how many there are, and their sum.
    ///
    /// The count is made from the buckets, so that it agrees with them while others go on counting.
    func read() -> (cumulative: [Int], count: Int, sum: Double) {
        var cumulative: [Int] = []
        cumulative.reserveCapacity(bounds.count)
        var count = 0
        for index in bounds.indices {
            count += counts[index].load(ordering: .relaxed)
            cumulative.append(count)
        }
        count += counts[bounds.count].load(ordering: .relaxed)
        return (cumulative, count, sum.value)
    }

    private func observe(_ value: Double) {
        guard value.isFinite else { return }
        // Most requests are fast: the scan from below ends after a few comparisons.
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        counts[index].wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }
}

/// Upper bounds of histograms.
public enum HistogramBounds {
    /// From 0.1 ms to 10 s, in seconds; the default of timers.
    public static let latency: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// From 1 to a million; the default of recorders whose name does not end in `_seconds`.
    public static let magnitude: [Double] = [
        1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
        1_000_000,
    ]
}
