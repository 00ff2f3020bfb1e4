import Domain
import Kit
import Spans

/// The spans of one request whose trace is recorded: its own, and one for each time it is sent to an upstream.
///
/// The path is left out on purpose: that of an upstream of the operator's may hold what opens a door. The id that goes
/// along finds the request's line in the log, which has it. Lives on its event loop only.
final class RequestTrace {
    /// Anything can stand where a method should.
    private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private var server: Span
    private var attempt: Span?
    private var attempts = 0
    private let method: String

    /// - Parameter trace: The request's own place in the trace.
    init(_ recorder: SpanRecorder, _ trace: TraceParent, parent: SpanID?, method: String) {
        let caller = SpanContext(
            traceHigh: trace.traceID.high, traceLow: trace.traceID.low, span: parent?.value ?? 0, recorder: recorder)
        self.method = Self.methods.contains(method) ? method : "_OTHER"
        server = caller.begin(self.method, .server, id: trace.spanID.value)
        server.set("http.request.method", self.method)
    }

    /// The request is sent to an upstream.
    /// - Returns: The place that the upstream goes on from.
    func sends(to upstream: String) -> TraceParent? {
        endAttempt()
        var span = server.context.begin("\(method) \(upstream)", .client)
        span.set("http.request.method", method)
        span.set("server.address", upstream)
        if attempts > 0 { span.set("http.request.resend_count", attempts) }
        attempts += 1
        attempt = span
        return TraceParent(span.context)
    }

    /// The upstream's answer began.
    func answered(_ status: Int) {
        attempt?.set("http.response.status_code", status)
        if status >= 400 { attempt?.fail(String(status)) }
    }

    /// The upstream gave no answer, or broke it off.
    func failed(_ reason: String) {
        attempt?.fail(reason)
        endAttempt()
    }

    /// Begins a call of Redis for the rate limiter.
    func beginLimit() -> Span {
        var span = server.context.begin("EVALSHA rate_limit", .client)
        span.set("db.system.name", "redis")
        span.set("db.operation.name", "EVALSHA")
        return span
    }

    /// The request is over.
    func end(_ request: PublicRequest, _ account: ExchangeAccount) {
        if case .callerGone = account.outcome { attempt?.fail("cancelled") }
        endAttempt()
        if let route = request.route?.prefix {
            server.rename("\(method) \(route)")
            server.set("http.route", route)
        }
        server.set("url.scheme", request.isSecure ? "https" : "http")
        if let tenant = request.tenant { server.set("gatehouse.tenant", tenant.slug) }
        server.set("gatehouse.request_id", request.id)
        if account.status > 0 { server.set("http.response.status_code", account.status) }
        if account.outcome != .answered {
            server.fail(account.outcome.rawValue)
        } else if account.status >= 500 {
            server.fail(String(account.status))
        }
        server.end()
    }

    private func endAttempt() {
        attempt?.end()
        attempt = nil
    }
}
