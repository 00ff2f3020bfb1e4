public import NIOCore
import Synchronization

extension PrometheusRegistry {
    /// Appends all metrics in the text format: by name, then by labels, each with its help and type.
    public func render(into buffer: inout ByteBuffer) {
        // Values are read, and others' closures run, without the lock.
        let (families, helpTexts, conflicts) = state.withLock { ($0.families, $0.help, $0.conflicts) }
        for family in families.values.sorted(by: { $0.name < $1.name }) where !family.series.isEmpty {
            head(family.name, family.kind.rawValue, help(family.name, in: helpTexts), &buffer)
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                switch series {
                case .counter(let series): sample(family.name, labels, series.value, &buffer)
                case .gauge(let series): sample(family.name, labels, series.value, &buffer)
                case .observed(let value): sample(family.name, labels, value(), &buffer)
                case .histogram(let series): histogram(family.name, labels, series, &buffer)
                }
            }
        }
        bookkeeping(families, conflicts, &buffer)
    }

    /// All metrics in the text format.
    public func render() -> String {
        var buffer = ByteBuffer()
        render(into: &buffer)
        return String(buffer: buffer)
    }

    /// The help given for the name, or for the label that got a suffix on its way to it.
    private func help(_ name: String, in help: [String: String]) -> String {
        if let text = help[name] { return text }
        for suffix in ["_total", "_seconds"] where name.hasSuffix(suffix) {
            if let text = help[String(name.dropLast(suffix.count))] { return text }
        }
        return name
    }

    private func head(_ name: String, _ kind: String, _ help: String, _ buffer: inout ByteBuffer) {
        buffer.writeString("# HELP \(name) \(MetricText.help(help))\n# TYPE \(name) \(kind)\n")
    }

    private func sample(_ name: String, _ labels: String, _ value: Double, _ buffer: inout ByteBuffer) {
        buffer.writeString(name)
        if !labels.isEmpty { buffer.writeString("{\(labels)}") }
        buffer.writeString(" \(MetricText.number(value))\n")
    }

    private func histogram(_ name: String, _ labels: String, _ series: HistogramSeries, _ buffer: inout ByteBuffer) {
        let (cumulative, count, sum) = series.read()
        let prefix = labels.isEmpty ? "\(name)_bucket{le=\"" : "\(name)_bucket{\(labels),le=\""
        for (bound, below) in zip(series.bounds, cumulative) {
            buffer.writeString("\(prefix)\(MetricText.number(bound))\"} \(below)\n")
        }
        buffer.writeString("\(prefix)+Inf\"} \(count)\n")
        sample(name + "_sum", labels, sum, &buffer)
        sample(name + "_count", labels, Double(count), &buffer)
    }

    /// What the registry has to tell of itself, where there is anything.
    private func bookkeeping(_ families: [String: MetricFamily], _ conflicts: Int, _ buffer: inout ByteBuffer) {
        let dropped = families.values.filter { $0.dropped > 0 }.sorted { $0.name < $1.name }
        if !dropped.isEmpty {
            let name = "metrics_series_dropped_total"
            head(name, "counter", "Series counted as \"other\" because their metric has too many.", &buffer)
            for family in dropped {
                sample(name, MetricText.labels([("metric", family.name)]), Double(family.dropped), &buffer)
            }
        }
        if conflicts > 0 {
            let name = "metrics_name_conflicts_total"
            head(name, "counter", "Metrics not shown because another kind has their name.", &buffer)
            sample(name, "", Double(conflicts), &buffer)
        }
    }
}
