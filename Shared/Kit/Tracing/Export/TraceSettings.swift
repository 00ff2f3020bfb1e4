import Domain
import FoundationEssentials
import Logging
import Spans

/// The settings of traces: OpenTelemetry's own variables, as far as they concern spans sent by OTLP over HTTP.
public enum TraceSettings {
    /// How spans are sent.
    public enum TransferProtocol: String, CaseIterable, Sendable {
        /// Protocol buffers over HTTP.
        case protobuf = "http/protobuf"
    }

    static let endpoint = Setting<BaseURL?>.optional(
        "OTEL_EXPORTER_OTLP_ENDPOINT", .url,
        "The collector that spans are sent to; `/v1/traces` is added. Without it nothing is traced")
    static let tracesEndpoint = Setting<BaseURL?>.optional(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", .url, "The whole address that spans are sent to, instead")
    static let transfer = Setting<TransferProtocol>(
        "OTEL_EXPORTER_OTLP_PROTOCOL", .choice, default: "http/protobuf", "How they are sent: `http/protobuf`")
    static let headers = Setting<Secret?>.optional(
        "OTEL_EXPORTER_OTLP_HEADERS", .secret(),
        "Fields sent along, `name=value` separated by commas, values percent-encoded")
    static let timeout = Setting<Int>(
        "OTEL_EXPORTER_OTLP_TIMEOUT", .integer(in: 100...60_000), default: "10000",
        "Milliseconds that the collector may take")
    static let serviceName = Setting<String?>.optional(
        "OTEL_SERVICE_NAME", .nonEmpty, "The process's name in traces; `gatehouse-gateway` and so on unless set")
    static let resource = Setting<String?>.optional(
        "OTEL_RESOURCE_ATTRIBUTES", .nonEmpty, "Further attributes of the process, `name=value` separated by commas")
    static let sampler = Setting<TraceSampler.Kind>(
        "OTEL_TRACES_SAMPLER", .choice, default: "parentbased_always_on",
        "Which traces are recorded, `parentbased_traceidratio` for example; the gateway decides for all processes")
    static let samplerArgument = Setting<String>(
        "OTEL_TRACES_SAMPLER_ARG", .nonEmpty, default: "1", "The part of traces, 0 to 1, for the samplers with a ratio")
    static let queueSize = Setting<Int>(
        "OTEL_BSP_MAX_QUEUE_SIZE", .integer(in: 1...1_000_000), default: "2048",
        "Spans that may wait; what comes beyond is dropped and counted")
    static let batchSize = Setting<Int>(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", .integer(in: 1...100_000), default: "512", "Spans sent at once at most")
    static let delay = Setting<Int>(
        "OTEL_BSP_SCHEDULE_DELAY", .integer(in: 10...600_000), default: "5000",
        "Milliseconds that a span waits for others before it is sent")

    static let all: [any SettingDeclaration] = [
        endpoint, tracesEndpoint, transfer, headers, timeout, serviceName, resource, sampler, samplerArgument,
        queueSize, batchSize, delay,
    ]

    /// What sends spans; nil where no collector is named.
    /// - Throws: `ConfigurationProblems` naming the setting that can't be used.
    static func tracing(
        _ values: ConfigurationValues, service: String, metrics: TraceMetrics, logger: Logger
    ) throws(ConfigurationProblems) -> Tracing? {
        guard let address = values[tracesEndpoint]?.text ?? values[endpoint].map({ $0.text + "/v1/traces" }) else {
            return nil
        }
        guard let ratio = Double(values[samplerArgument]), (0...1).contains(ratio) else {
            throw ConfigurationProblems([.init(samplerArgument.name, "is not a number between 0 and 1")])
        }
        guard let fields = pairs(values[headers]?.reveal() ?? ""), fields.allSatisfy({ isField($0) }) else {
            throw ConfigurationProblems([.init(headers.name, "is not name=value, separated by commas")])
        }
        guard let further = pairs(values[resource] ?? "") else {
            throw ConfigurationProblems([.init(resource.name, "is not name=value, separated by commas")])
        }
        let own = [
            ("service.name", values[serviceName] ?? "gatehouse-\(service)"), ("service.namespace", "gatehouse"),
            ("service.version", Version.current), ("service.instance.id", UUID.v7().text),
        ]
        let described = own + further.filter { pair in !own.contains { $0.0 == pair.0 } }
        let batch = min(values[batchSize], values[queueSize])
        let identifiers = IdentifierSource()
        let recorder = SpanRecorder(capacity: values[queueSize], batch: batch) { identifiers.next() }
        return Tracing(
            recorder: recorder, sampler: TraceSampler(values[sampler], ratio: ratio),
            request: TraceExportRequest(resource: described.map { .init(name: $0.0, value: .text($0.1)) }),
            transport: TraceTransport(address: address, fields: fields, timeout: values[timeout]), batch: batch,
            delay: .milliseconds(values[delay]), metrics: metrics, logger: logger)
    }

    /// The form of OTEL_EXPORTER_OTLP_HEADERS: W3C baggage without properties.
    private static func pairs(_ text: String) -> [(String, String)]? {
        var pairs: [(String, String)] = []
        for member in text.split(separator: ",") where !member.trimmed.isEmpty {
            let parts = member.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = try? Form.decode(parts[1].trimmed.utf8, plus: UInt8(ascii: "+")) else {
                return nil
            }
            pairs.append((String(parts[0].trimmed), value))
        }
        return pairs
    }

    /// Whether it can stand in a request's head.
    private static func isField(_ pair: (String, String)) -> Bool {
        !pair.0.isEmpty
            && pair.0.utf8.allSatisfy { ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || "-_.0123456789".utf8.contains($0) }
            && pair.1.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
