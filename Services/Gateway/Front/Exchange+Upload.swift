import HTTP2
import Kit
import NIOCore

/// The body of an exchange's request on its way to the service, as it comes.
extension Exchange {
    /// More of the request's body came.
    func receive(_ part: ByteBuffer) {
        if case .done = phase { return }
        guard upload.take(part) else { return cut(.payloadTooLarge) }
        sendBody()
    }

    /// The request is whole.
    func receivedAll() {
        upload.isWhole = true
        sendBody()
    }

    /// Gives the request up for what its caller did: tells both sides.
    func cut(_ problem: Problem) {
        switch phase {
        case .waiting(let connection, let stream):
            connection.cancel(stream)
            fail(problem)
        case .streaming(let connection, let stream):
            connection.cancel(stream)
            breakOff()
        case .authenticating, .connecting: fail(problem)
        case .done: break
        }
    }

    func sendBody() {
        if case .waiting(let connection, let stream) = phase { send(to: connection, stream) }
        if case .streaming(let connection, let stream) = phase { send(to: connection, stream) }
        if case .done = phase { return }
        front?.read(!upload.isFull)
    }

    private func send(to connection: HTTP2ClientConnection, _ stream: HTTP2StreamID) {
        guard upload.isStreamed else { return }
        if let part = upload.next() {
            progressed()
            connection.write(part, on: stream)
            front?.consumed(part.readableBytes)
        }
        if upload.isWhole, upload.waiting.readableBytes == 0 { connection.finish(on: stream) }
    }

    /// The service takes more of the body, or no more for now.
    func service(takesMore: Bool) {
        upload.isHeldUp = !takesMore
        progressed()
        // Told while the connection reads or writes; what follows reads and writes itself.
        if takesMore { loop.eventLoop.assumeIsolated().execute { self.sendBody() } }
    }
}
