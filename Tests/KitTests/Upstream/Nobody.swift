import HTTP2
import HTTPFields
import NIOCore

/// Asks, and takes no notice of what comes of it.
final class Nobody: HTTP2ResponseReceiver {
    /// Opens a stream for a request.
    static func asks(on connection: HTTP2ClientConnection) throws(HTTP2StreamError) -> HTTP2StreamID {
        var head = HeaderBlock()
        for (name, value) in [(":method", "GET"), (":scheme", "http"), (":path", "/")] { head.append(name, value) }
        return try connection.open(head, body: .none, receiver: Nobody())
    }

    func received(head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID) {}
    func received(body: ByteBuffer, on stream: HTTP2StreamID) {}
    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID) {}
    func failed(_ error: HTTP2StreamError, on stream: HTTP2StreamID) {}
    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID) {}
}
