import HTTP1
import HTTPFields
import NIOCore

/// Puts the answers of one HTTP/1.1 connection into bytes, and knows whether the connection outlives them.
struct HTTP1AnswerWriter {
    /// Parts of a body that are longer go to the channel as they are; shorter ones are copied behind what is there.
    static let copied = 8 << 10

    /// Whether another request may follow.
    var keepsAlive = true
    /// Whether the process is about to end, and answers say so.
    var isDraining = false
    /// Bytes that were ever written.
    private(set) var written = 0
    private var isVersion10 = false
    private var isHead = false
    private var isChunked = false
    private var bytes = ByteBuffer()

    /// A request begins.
    mutating func begin(_ head: HTTP1RequestHead) {
        keepsAlive = head.keepsAlive
        isVersion10 = head.minorVersion == 0
        isHead = head.method == "HEAD"
        isChunked = false
    }

    /// What came is no request, and gets an answer all the same.
    mutating func beginUnread() {
        (isVersion10, isHead, isChunked) = (false, false, false)
    }

    /// Bytes that wait to be taken.
    var waiting: Int { bytes.readableBytes }

    /// What was written since the last time.
    mutating func take() -> ByteBuffer? {
        guard bytes.readableBytes > 0 else { return nil }
        defer { bytes = ByteBuffer() }
        return bytes
    }

    /// Tells a caller who waits for it to send the body (RFC 9110 §15.2.1).
    mutating func writeContinue() {
        guard !isVersion10 else { return }
        gather { $0.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") }
    }

    /// Writes the head after which another protocol is spoken (RFC 9110 §15.2.2).
    mutating func writeSwitch(_ head: AnswerHead) {
        gather { HTTP1Writer.write(status: head.status, head.fields, to: &$0) }
    }

    /// Takes bytes of that protocol in.
    mutating func writeTunnelled(_ part: ByteBuffer) {
        gather { $0.writeImmutableBuffer(part) }
    }

    mutating func write(_ head: AnswerHead) {
        var fields = head.fields
        let hasBody = !isHead && !head.isBodiless
        if hasBody, head.length == nil {
            // Without chunks the end of the connection is the end of the body (RFC 9112 §6.3).
            isChunked = !isVersion10
            if isChunked { fields.append("transfer-encoding", "chunked") } else { keepsAlive = false }
        }
        isHead = !hasBody
        if isDraining { keepsAlive = false }
        if !keepsAlive {
            fields.append("connection", "close")
        } else if isVersion10 {
            fields.append("connection", "keep-alive")
        }
        gather { HTTP1Writer.write(status: head.status, fields, to: &$0) }
    }

    /// Takes a part of a body in; a long one comes back, to be written behind what `take` gives.
    mutating func write(_ body: ByteBuffer) -> ByteBuffer? {
        guard !isHead, body.readableBytes > 0 else { return nil }
        if isChunked { gather { HTTP1Writer.writeChunkHead(body.readableBytes, to: &$0) } }
        if body.readableBytes > Self.copied {
            written += body.readableBytes
            return body
        }
        gather { $0.writeImmutableBuffer(body) }
        if isChunked { gather { $0.writeStaticString("\r\n") } }
        return nil
    }

    /// Ends a part that was too long to be copied.
    mutating func endLongPart() {
        if isChunked { gather { $0.writeStaticString("\r\n") } }
    }

    mutating func end() {
        if isChunked { gather { $0.writeStaticString(HTTP1Writer.lastChunk) } }
        isChunked = false
    }

    private mutating func gather(_ write: (inout ByteBuffer) -> Void) {
        if bytes.capacity == 0 { bytes.reserveCapacity(1024) }
        let before = bytes.readableBytes
        write(&bytes)
        written += bytes.readableBytes - before
    }
}
