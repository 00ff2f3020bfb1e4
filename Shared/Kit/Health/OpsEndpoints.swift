import HTTPTypes
public import Hummingbird
import NIOCore

/// What operators and probes ask of every process: `/health…` and `/metrics`.
public struct OpsEndpoints: Sendable {
    private let health: Health
    private let metrics: PrometheusRegistry
    private let healthMetrics: HealthMetrics

    /// Answers from that health, and with those metrics.
    public init(health: Health, metrics: PrometheusRegistry) {
        self.health = health
        self.metrics = metrics
        healthMetrics = HealthMetrics(checks: health.checkNames, factory: metrics)
    }

    /// The answer, when `path` is one of these.
    public func respond(to path: String) async -> Response? {
        switch path {
        case "/health/liveness":
            return .json(ByteBuffer(string: #"{"status":"ok"}"#))
        case "/health/startup":
            return health.hasStarted
                ? .json(ByteBuffer(string: #"{"status":"ok"}"#))
                : .json(ByteBuffer(string: #"{"status":"starting"}"#), status: .serviceUnavailable)
        case "/health", "/health/readiness":
            let report = await health.report()
            return .json(health.json(report).buffer, status: report.isReady ? .ok : .serviceUnavailable)
        case "/metrics":
            healthMetrics.record(await health.report())
            var text = ByteBuffer()
            metrics.render(into: &text)
            return Response(
                status: .ok, headers: [.contentType: PrometheusRegistry.contentType],
                body: ResponseBody(byteBuffer: text))
        default:
            return nil
        }
    }
}
