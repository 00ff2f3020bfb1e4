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
        case .waiting(let call):
            call.cancel()
            fail(problem)
        case .streaming(let call):
            call.cancel()
            breakOff()
        case .authenticating, .connecting: fail(problem)
        case .tunnelling, .done: break
        }
    }

    func sendBody() {
        if case .waiting(let call) = phase { send(to: call) }
        if case .streaming(let call) = phase { send(to: call) }
        if case .done = phase { return }
        front?.read(!upload.isFull)
    }

    private func send(to call: ServiceCall) {
        guard upload.isStreamed else { return }
        if let part = upload.next() {
            progressed()
            call.write(part)
            front?.consumed(part.readableBytes)
        }
        if upload.isWhole, upload.waiting.readableBytes == 0 { call.finish() }
    }

    /// The service takes more of the body, or no more for now.
    func service(takesMore: Bool) {
        upload.isHeldUp = !takesMore
        progressed()
        // Told while the connection reads or writes; what follows reads and writes itself.
        if takesMore { loop.eventLoop.assumeIsolated().execute { self.sendBody() } }
    }
}
