import HTTP2
import NIOCore

/// A request that was handed on: to a service of our own on a stream of a shared connection, or to an upstream of the
/// operator's on a connection of its own. An enum, since the first is nearly every request and costs no allocation so.
enum ServiceCall {
    case stream(HTTP2ClientConnection, HTTP2StreamID)
    case operated(OperatorCall)

    /// Adds to a streamed request.
    func write(_ part: ByteBuffer) {
        switch self {
        case .stream(let connection, let stream): connection.write(part, on: stream)
        case .operated(let call): call.write(part)
        }
    }

    /// Ends a streamed request.
    func finish() {
        switch self {
        case .stream(let connection, let stream): connection.finish(on: stream)
        case .operated(let call): call.finish()
        }
    }

    /// Gives the request up: its receiver hears no more.
    func cancel() {
        switch self {
        case .stream(let connection, let stream): connection.cancel(stream)
        case .operated(let call): call.cancel()
        }
    }

    /// Gives the request up because no answer came in time, which is held against the instance.
    func expire() {
        switch self {
        case .stream(let connection, let stream): connection.expire(stream)
        case .operated(let call): call.cancel()
        }
    }

    /// Bytes of the answer have gone on.
    func consumed(_ bytes: Int) {
        if case .stream(let connection, let stream) = self { connection.consumed(bytes, on: stream) }
    }

    /// Instead of `consumed`: the bytes wait, and no more shall come.
    func keep(_ bytes: Int) {
        switch self {
        case .stream(let connection, let stream): connection.keep(bytes, on: stream)
        case .operated(let call): call.read(false)
        }
    }

    /// Bytes that were kept have gone on.
    func release(_ bytes: Int) {
        switch self {
        case .stream(let connection, let stream): connection.release(bytes, on: stream)
        case .operated(let call): call.read(true)
        }
    }

    /// Sends no more of a streamed request whose answer is whole already. A connection of HTTP/1.1 ends with such an
    /// answer by itself.
    func stopSending() {
        if case .stream(let connection, let stream) = self { connection.stopSending(on: stream) }
    }
}
