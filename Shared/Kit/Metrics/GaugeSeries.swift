import CoreMetrics

/// A value that rises and falls.
final class GaugeSeries: MeterHandler, RecorderHandler {
    let place: SeriesPlace
    private let current = AtomicSum()

    init(_ place: SeriesPlace) {
        self.place = place
    }

    var value: Double { current.value }

    func set(_ value: Int64) { current.store(Double(value)) }
    func set(_ value: Double) { current.store(value) }
    func increment(by amount: Double) { current.add(amount) }
    func decrement(by amount: Double) { current.add(-amount) }
    func record(_ value: Int64) { current.store(Double(value)) }
    func record(_ value: Double) { current.store(value) }
}
