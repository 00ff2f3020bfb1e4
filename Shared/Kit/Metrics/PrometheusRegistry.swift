public import CoreMetrics
import Synchronization

/// Keeps the process's metrics and writes them in the Prometheus text format 0.0.4; a backend of swift-metrics.
///
/// Counting takes no lock. Making a metric does, so it is made once and kept, not in each request. A label
/// `http.requests` becomes the name `http_requests`; counters get `_total` at the end, timers `_seconds`.
public final class PrometheusRegistry: MetricsFactory {
    /// The media type of what `render` writes.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    struct State {
        var families: [String: MetricFamily] = [:]
        /// Every name in the exposition, with the family it stands for.
        var taken: [String: String] = [:]
        var help: [String: String] = [:]
        var bounds: [String: [Double]] = [:]
        /// How often a name was asked for that another kind of metric has.
        var conflicts = 0
    }

    let state = Mutex(State())
    private let maximumSeries: Int

    /// An empty registry.
    /// - Parameter maximumSeries: How many series a metric may have; all beyond are counted together as one whose
    ///   labels read `other`, and `metrics_series_dropped_total` tells how many that were.
    public init(maximumSeries: Int = 1000) {
        self.maximumSeries = maximumSeries
    }

    /// Sets the help text of a metric, by its label or name.
    public func describe(_ label: String, _ help: String) {
        state.withLock { $0.help[MetricText.name(label)] = help }
    }

    /// Sets the upper bounds of a timer's or recorder's buckets, in seconds for a timer; before it is first made.
    /// - Parameter bounds: Sorted and made unique here; at most 23 are kept.
    public func setBounds(_ label: String, _ bounds: [Double]) {
        let sorted = Set(bounds.filter(\.isFinite)).sorted().prefix(HistogramSeries.maximumBounds)
        state.withLock { $0.bounds[MetricText.name(label)] = Array(sorted) }
    }

    /// A counter whose value is asked for when the metrics are read; one of the same labels is replaced.
    /// - Parameter help: Its help text; nil where `describe` gives it.
    public func observeCounter(
        _ label: String, _ help: String? = nil, dimensions: [(String, String)] = [],
        _ value: @escaping @Sendable () -> Double
    ) {
        observe(MetricText.name(label, suffix: "_total"), .counter, help, dimensions, value)
    }

    /// A gauge whose value is asked for when the metrics are read; one of the same labels is replaced.
    /// - Parameter help: Its help text; nil where `describe` gives it.
    public func observeGauge(
        _ label: String, _ help: String? = nil, dimensions: [(String, String)] = [],
        _ value: @escaping @Sendable () -> Double
    ) {
        observe(MetricText.name(label), .gauge, help, dimensions, value)
    }

    private func observe(
        _ name: String, _ kind: MetricFamily.Kind, _ help: String?, _ dimensions: [(String, String)],
        _ value: @escaping @Sendable () -> Double
    ) {
        let labels = MetricText.labels(dimensions)
        state.withLock { state in
            guard state.claim(name, kind) else { return }
            if let help { state.help[name] = help }
            state.families[name]?.series[labels] = .observed(value)
        }
    }

    // The factory

    /// A counter; asked for again with the same labels it is the same.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    /// A counter of fractions, in the same family as whole ones of that label.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// A histogram, or a gauge when it does not aggregate.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return gauge(label, dimensions) }
        let name = MetricText.name(label)
        let bounds = name.hasSuffix("_seconds") ? HistogramBounds.latency : HistogramBounds.magnitude
        return histogram(label, name, dimensions, bounds)
    }

    /// A histogram in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, MetricText.name(label, suffix: "_seconds"), dimensions, HistogramBounds.latency)
    }

    /// Takes the series out of the exposition.
    public func destroyCounter(_ handler: any CounterHandler) { remove((handler as? CounterSeries)?.place) }
    /// Takes the series out of the exposition.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        remove((handler as? CounterSeries)?.place)
    }
    /// Takes the series out of the exposition.
    public func destroyMeter(_ handler: any MeterHandler) { remove((handler as? GaugeSeries)?.place) }
    /// Takes the series out of the exposition.
    public func destroyRecorder(_ handler: any RecorderHandler) {
        remove((handler as? HistogramSeries)?.place ?? (handler as? GaugeSeries)?.place)
    }
    /// Takes the series out of the exposition.
    public func destroyTimer(_ handler: any TimerHandler) { remove((handler as? HistogramSeries)?.place) }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterSeries {
        series(MetricText.name(label, suffix: "_total"), .counter, dimensions) { place, _ in
            let series = CounterSeries(place)
            return (series, .counter(series))
        } existing: {
            if case .counter(let series) = $0 { series } else { nil }
        }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        series(MetricText.name(label), .gauge, dimensions) { place, _ in
            let series = GaugeSeries(place)
            return (series, .gauge(series))
        } existing: {
            if case .gauge(let series) = $0 { series } else { nil }
        }
    }

    private func histogram(
        _ label: String, _ name: String, _ dimensions: [(String, String)], _ initial: [Double]
    ) -> HistogramSeries {
        series(name, .histogram, dimensions) { place, state in
            let bounds = state.bounds[name] ?? state.bounds[MetricText.name(label)] ?? initial
            let series = HistogramSeries(place, bounds: bounds)
            return (series, .histogram(series))
        } existing: {
            if case .histogram(let series) = $0 { series } else { nil }
        }
    }

    /// The series of those labels, made where there is none. One whose name belongs to another kind counts, but is
    /// not shown.
    private func series<Handler: AnyObject & Sendable>(
        _ name: String, _ kind: MetricFamily.Kind, _ dimensions: [(String, String)],
        make: (SeriesPlace, borrowing State) -> (Handler, MetricFamily.Series),
        existing: (MetricFamily.Series) -> Handler?
    ) -> Handler {
        let isHistogram = kind == .histogram
        var labels = MetricText.labels(dimensions, isHistogram: isHistogram)
        return state.withLock { state in
            let isShown = state.claim(name, kind)
            if let found = state.families[name]?.series[labels].flatMap(existing) { return found }
            if isShown, let family = state.families[name], family.series.count >= maximumSeries, !dimensions.isEmpty {
                state.families[name]?.dropped += 1
                labels = MetricText.labels(dimensions.map { ($0.0, "other") }, isHistogram: isHistogram)
                if let found = family.series[labels].flatMap(existing) { return found }
            }
            let (handler, series) = make(SeriesPlace(family: name, labels: labels), state)
            if isShown { state.families[name]?.series[labels] = series }
            return handler
        }
    }

    private func remove(_ place: SeriesPlace?) {
        guard let place else { return }
        state.withLock { _ = $0.families[place.family]?.series.removeValue(forKey: place.labels) }
    }
}

extension PrometheusRegistry.State {
    /// Makes sure of a family of that name and kind; false when the name is another's.
    mutating func claim(_ name: String, _ kind: MetricFamily.Kind) -> Bool {
        if let family = families[name], family.kind == kind { return true }
        let family = MetricFamily(name: name, kind: kind)
        guard family.exposedNames.allSatisfy({ taken[$0] == nil }) else {
            conflicts += 1
            return false
        }
        for exposed in family.exposedNames { taken[exposed] = name }
        families[name] = family
        return true
    }
}
