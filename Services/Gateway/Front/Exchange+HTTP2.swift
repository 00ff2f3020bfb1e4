import HTTP2
import HTTPFields
import Kit
import NIOCore

/// The answer of a service of our own.
extension Exchange: HTTP2ResponseReceiver {
    func received(head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID) {
        guard let status = head.status else { return }
        received(status: status, head, isWhole: endStream)
    }

    func received(body: ByteBuffer, on stream: HTTP2StreamID) { received(body: body) }

    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID) { ended() }

    func failed(_ error: HTTP2StreamError, on stream: HTTP2StreamID) {
        let retry: ServiceFailure.Retry =
            error.isSafeToRetry ? .always : error.isBreakdown ? .whenSafe : .never
        failed(
            ServiceFailure(
                retry: retry, problem: error == .bodyTooLarge ? .badGateway : .unavailable(), reason: "\(error)"))
    }

    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID) { service(takesMore: writable) }
}
