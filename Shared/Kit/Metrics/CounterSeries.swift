import CoreMetrics
import Synchronization

/// Where one series of a metric belongs.
struct SeriesPlace: Sendable, Hashable {
    /// The metric's name in the exposition.
    let family: String
    /// Its labels, rendered.
    let labels: String
}

/// A value that only grows.
final class CounterSeries: CounterHandler, FloatingPointCounterHandler {
    let place: SeriesPlace
    private let whole = Atomic<Int64>(0)
    private let fractional = AtomicSum()

    init(_ place: SeriesPlace) {
        self.place = place
    }

    var value: Double { Double(whole.load(ordering: .relaxed)) + fractional.value }

    func increment(by amount: Int64) {
        // A counter that falls looks like a restart to the one who reads it.
        if amount > 0 { whole.wrappingAdd(amount, ordering: .relaxed) }
    }

    func increment(by amount: Double) {
        if amount > 0, amount.isFinite { fractional.add(amount) }
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fractional.store(0)
    }
}

/// A sum of floating-point numbers that threads add to without a lock.
struct AtomicSum: ~Copyable, Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    borrowing func store(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    borrowing func add(_ amount: Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(
                expected: current, desired: sum, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
