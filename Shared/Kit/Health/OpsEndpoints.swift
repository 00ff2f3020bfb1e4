import HTTPTypes
public import Hummingbird
public import NIOCore

/// What operators and probes ask of every process: `/health…` and `/metrics`.
public struct OpsEndpoints: Sendable {
    private let health: Health
    private let metrics: @Sendable () -> ByteBuffer

    /// Answers from that health, and with the metrics text that `metrics` renders.
    public init(health: Health, metrics: @escaping @Sendable () -> ByteBuffer) {
        self.health = health
        self.metrics = metrics
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
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: metrics()))
        default:
            return nil
        }
    }
}
