/// One metric with all its series.
struct MetricFamily: Sendable {
    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    enum Series: Sendable {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
        /// Asked for its value when the metrics are read.
        case observed(@Sendable () -> Double)
    }

    let name: String
    let kind: Kind
    /// By rendered labels.
    var series: [String: Series] = [:]
    /// How often a series was asked for after there were too many.
    var dropped = 0

    /// The names that stand in the exposition.
    var exposedNames: [String] {
        kind == .histogram ? [name, name + "_bucket", name + "_sum", name + "_count"] : [name]
    }
}
