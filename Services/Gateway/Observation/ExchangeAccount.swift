import Domain
import HTTPFields
import Kit
import NIOCore

/// What is remembered of an exchange while it goes on, for its line in the log and its route's metrics.
struct ExchangeAccount {
    let begun = NIODeadline.now()
    var status = 0
    var outcome = AccessRecord.Outcome.answered
    /// Bytes of the answer's body.
    var sent = 0
    private var sentOn: NIODeadline?
    /// From going on to the service until its answer's head, in nanoseconds.
    private(set) var upstreamDuration: Int64?

    /// The request goes on to a service.
    mutating func goesOn() { if sentOn == nil { sentOn = .now() } }

    /// The service's answer begins.
    mutating func answers(_ status: Int) {
        self.status = status
        if let sentOn { upstreamDuration = (NIODeadline.now() - sentOn).nanoseconds }
    }
}

/// Where the gateway tells of requests that are over.
struct Observer: Sendable {
    /// Nil where no lines are written.
    let log: AccessLog?
    /// For requests of no route.
    private let unrouted = RouteMetrics("")

    init(log: AccessLog?) {
        self.log = log
    }

    /// - Parameter received: Bytes of the request's body.
    func record(_ request: PublicRequest, _ account: ExchangeAccount, received: Int) {
        let duration = (NIODeadline.now() - account.begun).nanoseconds
        (request.route?.metrics ?? unrouted).count(account, duration: duration)
        guard let log, log.isOn else { return }
        var record = AccessRecord(
            requestID: request.id, method: request.head.method, path: request.head.path, version: request.head.version,
            status: account.status, outcome: account.outcome)
        record.duration = duration
        record.upstreamDuration = account.upstreamDuration
        if account.upstreamDuration != nil { record.upstream = request.route?.service }
        record.route = request.route?.prefix
        record.received = received
        record.sent = account.sent
        record.address = request.address?.text
        record.tenant = request.tenant?.slug
        record.userAgent = request.head.fields.withValue(of: "user-agent") { String(decoding: $0, as: UTF8.self) }
        log.write(record)
    }
}
