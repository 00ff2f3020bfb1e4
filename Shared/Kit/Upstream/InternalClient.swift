import HTTPFields
import Domain
import FoundationEssentials
import HTTP2
public import HTTPTypes
public import NIOCore
import NIOPosix
import Spans

/// Calls another Gatehouse process.
public struct InternalClient: Sendable {
    private let upstream: Upstream
    private let key: InternalKey

    /// A client of that upstream.
    public init(upstream: Upstream, key: InternalKey) {
        self.upstream = upstream
        self.key = key
    }

    /// What came back.
    public struct Answer: Sendable {
        /// The status.
        public let status: Int
        /// The body.
        public let body: ByteBuffer
    }

    /// Whose request a call is part of; it goes along, so that the other process sees and logs the same.
    public struct Origin: Sendable {
        var requestID: String
        var tenant: UUID
        var address: String?
        var traceparent: String?
        var userAgent: String?

        /// A call that is part of no user's request.
        public static func process(_ requestID: String) -> Origin {
            Origin(requestID: requestID, tenant: DefaultTenant.id)
        }
    }

    /// Why no answer came.
    public enum Failure: Error, Sendable, Equatable {
        /// No instance could be reached in time; nothing was sent.
        case unreachable
        /// The answer did not come in time; whether the request took effect is not known.
        case timeout
        /// The stream or connection broke; whether the request took effect is not known.
        case interrupted
    }

    /// Sends a JSON request on behalf of `origin` and gathers the answer.
    /// - Parameters:
    ///   - method: The method.
    ///   - path: The path.
    ///   - body: JSON, or nil.
    ///   - origin: Whose request this is part of.
    ///   - timeout: How long to wait for the whole answer.
    public func send(
        _ method: HTTPRequest.Method, _ path: String, body: ByteBuffer?, for origin: Origin,
        timeout: TimeAmount = .seconds(5)
    ) async throws(Failure) -> Answer {
        let deadline = NIODeadline.now() + timeout
        var head = HeaderBlock()
        head.append(":method", method.rawValue)
        head.append(":scheme", "http")
        head.append(":authority", upstream.name)
        head.append(":path", path)
        key.reveal { head.append(InternalHeader.key, $0) }
        head.append(InternalHeader.requestID, origin.requestID, unindexed: true)
        head.append(InternalHeader.tenant, origin.tenant.text)
        if let address = origin.address { head.append(InternalHeader.address, address, unindexed: true) }
        var span = SpanContext.current?.begin("\(method.rawValue) \(upstream.name)", .client)
        let traceparent = span.flatMap { TraceParent($0.context)?.description } ?? origin.traceparent
        if let traceparent { head.append(InternalHeader.traceparent, traceparent, unindexed: true) }
        if let userAgent = origin.userAgent { head.append("user-agent", userAgent) }
        if body != nil { head.append("content-type", "application/json") }
        let (block, eventLoop) = (head, upstream.eventLoop(near: MultiThreadedEventLoopGroup.currentEventLoop))
        let upstream = upstream
        let outcome: Result<Answer, Failure> = await withCheckedContinuation { continuation in
            let begin: @Sendable () -> Void = {
                let exchange = Exchange(
                    block, body, isRepeatable: method == .get || method == .head, deadline: deadline,
                    eventLoop: eventLoop, continuation)
                exchange.begin(upstream.pool(on: eventLoop))
            }
            if eventLoop.inEventLoop { begin() } else { eventLoop.execute(begin) }
        }
        if span != nil {
            span?.set("http.request.method", method.rawValue)
            span?.set("server.address", upstream.name)
            switch outcome {
            case .success(let answer):
                span?.set("http.response.status_code", answer.status)
                if answer.status >= 400 { span?.fail(String(answer.status)) }
            case .failure(let failure): span?.fail("\(failure)")
            }
            span?.end()
        }
        return try outcome.get()
    }
}

/// One call on its way: the stream it went out on and what came back so far. Lives on its event loop only.
private final class Exchange: HTTP2ResponseReceiver {
    typealias Outcome = Result<InternalClient.Answer, InternalClient.Failure>

    /// Bytes of an answer; none between processes is longer.
    private static let limit = 1 << 20

    private let head: HeaderBlock
    private let body: ByteBuffer?
    private let isRepeatable: Bool
    private let deadline: NIODeadline
    private let eventLoop: any EventLoop
    private var continuation: CheckedContinuation<Outcome, Never>?
    private var pool: UpstreamPool?
    private var stream: (connection: HTTP2ClientConnection, id: HTTP2StreamID)?
    private var status = 0
    private var received = ByteBuffer()
    private var attempts = 0
    private var timer: Scheduled<Void>?

    init(
        _ head: HeaderBlock, _ body: ByteBuffer?, isRepeatable: Bool, deadline: NIODeadline, eventLoop: any EventLoop,
        _ continuation: CheckedContinuation<Outcome, Never>
    ) {
        self.head = head
        self.body = body
        self.isRepeatable = isRepeatable
        self.deadline = deadline
        self.eventLoop = eventLoop
        self.continuation = continuation
    }

    func begin(_ pool: UpstreamPool) {
        self.pool = pool
        // The timer holds this object until the answer is in, which ends the timer.
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.expire() }
        attempt()
    }

    /// - Parameter failed: Where it was tried before.
    private func attempt(after failed: HTTP2ClientConnection? = nil) {
        attempts += 1
        if let connection = pool?.connection(after: failed) { return open(connection) }
        pool?.whenConnected(by: min(deadline, .now() + .seconds(1))) { connection in
            guard let connection else { return self.finish(.failure(.unreachable)) }
            self.open(connection)
        }
    }

    private func open(_ connection: HTTP2ClientConnection) {
        do throws(HTTP2StreamError) {
            let content: HTTP2ClientConnection.Body = body.map { .full($0) } ?? .none
            let id = try connection.open(head, body: content, receiver: self)
            stream = (connection, id)
        } catch {
            finish(.failure(.unreachable))
        }
    }

    func received(head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID) {
        status = head.status ?? 0
        if endStream { ended(trailers: nil, on: stream) }
    }

    func received(body: ByteBuffer, on stream: HTTP2StreamID) {
        self.stream?.connection.consumed(body.readableBytes, on: stream)
        guard received.readableBytes + body.readableBytes <= Self.limit else {
            self.stream?.connection.cancel(stream)
            return finish(.failure(.interrupted))
        }
        received.writeImmutableBuffer(body)
    }

    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID) {
        finish(.success(.init(status: status, body: received)))
    }

    func failed(_ error: HTTP2StreamError, on stream: HTTP2StreamID) {
        let connection = self.stream?.connection
        self.stream = nil
        // Repeating what changes nothing does no harm, as long as nothing of the answer was taken.
        let isSafe = error.isSafeToRetry || error.isBreakdown && isRepeatable && status == 0
        if isSafe, attempts < 3, continuation != nil { return attempt(after: connection) }
        finish(.failure(error.isSafeToRetry ? .unreachable : .interrupted))
    }

    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID) {}

    private func expire() {
        if let (connection, id) = stream {
            if status == 0 { connection.expire(id) } else { connection.cancel(id) }
        }
        finish(.failure(stream == nil ? .unreachable : .timeout))
    }

    private func finish(_ outcome: Outcome) {
        timer?.cancel()
        timer = nil
        continuation?.resume(returning: outcome)
        continuation = nil
    }
}

extension Call {
    /// What goes along when this call leads to another process.
    public var origin: InternalClient.Origin {
        InternalClient.Origin(
            requestID: requestID, tenant: tenant, address: address, traceparent: traceparent, userAgent: userAgent)
    }
}
