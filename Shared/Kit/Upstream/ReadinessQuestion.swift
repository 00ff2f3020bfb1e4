import HTTP2
import HTTPFields
import NIOCore

/// One question to an instance whether it is ready. Lives on its event loop only.
final class ReadinessQuestion: HTTP2ResponseReceiver {
    private let connection: HTTP2ClientConnection
    private let answered: (_ isReady: Bool) -> Void
    private var timer: Scheduled<Void>?

    private init(_ connection: HTTP2ClientConnection, _ answered: @escaping (Bool) -> Void) {
        self.connection = connection
        self.answered = answered
    }

    /// Asks, and calls back if there is an answer in time; else the connection's observer hears that it did not.
    /// - Throws: `HTTP2StreamError.unavailable` when the connection takes no more.
    static func ask(
        on connection: HTTP2ClientConnection, _ eventLoop: any EventLoop, authority: String, patience: TimeAmount,
        _ answered: @escaping (_ isReady: Bool) -> Void
    ) throws(HTTP2StreamError) {
        var head = HeaderBlock()
        head.append(":method", "GET")
        head.append(":scheme", "http")
        head.append(":authority", authority)
        head.append(":path", "/health/readiness")
        let question = ReadinessQuestion(connection, answered)
        let stream = try connection.open(head, body: .none, receiver: question)
        question.timer = eventLoop.assumeIsolated().scheduleTask(in: patience) { connection.expire(stream) }
    }

    func received(head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID) {
        // Only 503 says "not now"; any other answer comes from something that works.
        answered(head.status != 503)
        if endStream { timer?.cancel() }
    }

    func received(body: ByteBuffer, on stream: HTTP2StreamID) {
        connection.consumed(body.readableBytes, on: stream)
    }

    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID) { timer?.cancel() }

    func failed(_ error: HTTP2StreamError, on stream: HTTP2StreamID) { timer?.cancel() }

    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID) {}
}
