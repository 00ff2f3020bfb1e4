import Kit
import Metrics

/// What is counted of one route's requests.
final class RouteMetrics: Sendable {
    private let answers: [Counter]
    private let gone: Counter
    private let brokenOff: Counter
    private let duration: Timer
    private let upstreamDuration: Timer

    /// - Parameter route: The route's prefix: paths themselves are too many.
    init(_ route: String) {
        func counter(_ status: String) -> Counter {
            Counter(label: "gatehouse_gateway_requests_total", dimensions: [("route", route), ("status", status)])
        }
        answers = (1...5).map { counter("\($0)xx") }
        gone = counter("caller_gone")
        brokenOff = counter("broken_off")
        duration = Timer(label: "gatehouse_gateway_request_seconds", dimensions: [("route", route)])
        upstreamDuration = Timer(label: "gatehouse_gateway_upstream_seconds", dimensions: [("route", route)])
    }

    func count(_ account: ExchangeAccount, duration nanoseconds: Int64) {
        switch account.outcome {
        case .answered: answers[min(max(account.status / 100, 1), 5) - 1].increment()
        case .callerGone: gone.increment()
        case .brokenOff: brokenOff.increment()
        }
        duration.recordNanoseconds(nanoseconds)
        if let upstream = account.upstreamDuration { upstreamDuration.recordNanoseconds(upstream) }
    }
}
