import HTTP1
import HTTPFields
import NIOCore

/// Puts the requests of one connection into bytes.
struct OperatorRequestWriter {
    /// Parts of a body that are longer go to the channel as they are; shorter ones are copied behind what is there.
    private static let copied = 8 << 10

    private var isChunked = false
    private var bytes = ByteBuffer()

    /// What was written since the last time.
    mutating func take() -> ByteBuffer? {
        guard bytes.readableBytes > 0 else { return nil }
        defer { bytes = ByteBuffer() }
        return bytes
    }

    /// Writes a request's head, and its body where that is here already.
    /// - Parameter authority: That of the instance.
    mutating func write(_ request: OperatorRequest, _ body: OperatorCall.Body, authority: String) {
        var fields = HeaderBlock()
        fields.append("host", request.host ?? authority)
        fields.append(contentsOf: request.fields)
        isChunked = false
        switch body {
        // Where a body was to be expected, its absence is said (RFC 9110 §8.6).
        case .none: if request.takesBody || request.length != nil { fields.append("content-length", "0") }
        case .full(let body): fields.append("content-length", String(body.readableBytes))
        case .streamed:
            if let length = request.length {
                fields.append("content-length", String(length))
            } else {
                isChunked = true
                fields.append("transfer-encoding", "chunked")
            }
        }
        HTTP1Writer.write(method: request.method, target: request.target, fields, to: &bytes)
        if case .full(var body) = body { bytes.writeBuffer(&body) }
    }

    /// Takes a part of a body in; a long one comes back, to be written behind what `take` gives.
    mutating func write(_ part: ByteBuffer) -> ByteBuffer? {
        guard part.readableBytes > 0 else { return nil }
        if isChunked { HTTP1Writer.writeChunkHead(part.readableBytes, to: &bytes) }
        if part.readableBytes > Self.copied { return part }
        bytes.writeImmutableBuffer(part)
        endLongPart()
        return nil
    }

    /// Ends a part that was too long to be copied.
    mutating func endLongPart() {
        if isChunked { bytes.writeStaticString("\r\n") }
    }

    /// Ends the body.
    mutating func end() {
        if isChunked { bytes.writeStaticString(HTTP1Writer.lastChunk) }
        isChunked = false
    }
}
