public import HTTPFields
public import NIOCore

/// Writes messages (RFC 9112).
///
/// No value can end its line: a field whose name is no token is left out, and a control character in a value becomes a
/// space (RFC 9110 §5.5), for values may have come from outside by another way than a parser.
public enum HTTP1Writer {
    /// What ends a chunked body.
    public static let lastChunk: StaticString = "0\r\n\r\n"

    /// Writes an answer's head.
    /// - Parameters:
    ///   - status: Three digits; any other number is written as 500.
    ///   - fields: In their order. Pseudo-fields are left out.
    public static func write(status: Int, _ fields: HeaderBlock, to buffer: inout ByteBuffer) {
        let status = (100...999).contains(status) ? status : 500
        let reason = reason(status)
        write(fields, lineLength: 15 + reason.utf8CodeUnitCount, to: &buffer) { head in
            head.write("HTTP/1.1 ")
            head.write(number: status)
            head.write(byte: ByteClass.space)
            head.write(reason)
        }
    }

    /// Writes a request's head.
    /// - Parameters:
    ///   - method: A token; bytes that no token has are left out.
    ///   - target: In origin form, absolute form or `*`; bytes that no target has are written as `%XX`.
    ///   - fields: In their order, `host` among them. Pseudo-fields are left out.
    public static func write(
        method: String, target: String, _ fields: HeaderBlock, to buffer: inout ByteBuffer
    ) {
        let length = method.utf8.count + 3 * target.utf8.count + 12
        write(fields, lineLength: length, to: &buffer) { head in
            for byte in method.utf8 where ByteClass.isToken(byte) { head.write(byte: byte) }
            head.write(byte: ByteClass.space)
            for byte in target.utf8 {
                if ByteClass.isTarget(byte) { head.write(byte: byte) } else { head.write(escaped: byte) }
            }
            head.write(" HTTP/1.1")
        }
    }

    /// Writes the line before a chunk. The caller adds the bytes and CR LF.
    /// - Parameter length: Bytes of the chunk, at least one: none would end the body.
    public static func writeChunkHead(_ length: Int, to buffer: inout ByteBuffer) {
        precondition(length > 0, "an empty chunk ends the body")
        let digits = (Int.bitWidth - length.leadingZeroBitCount + 3) / 4
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: digits + 2) { bytes in
            var head = HeadWriter(bytes)
            for digit in (0..<digits).reversed() { head.write(hexadecimal: length >> (4 * digit)) }
            head.writeLineEnd()
            return head.count
        }
    }

    private static func write(
        _ fields: HeaderBlock, lineLength: Int, to buffer: inout ByteBuffer, line: (inout HeadWriter) -> Void
    ) {
        // Of each field the store has more beside name and value than a line has.
        let room = lineLength + fields.bytes.count + 4
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { bytes in
            var head = HeadWriter(bytes)
            line(&head)
            head.writeLineEnd()
            fields.forEach { name, value in head.write(name, value) }
            head.writeLineEnd()
            return head.count
        }
    }
}
