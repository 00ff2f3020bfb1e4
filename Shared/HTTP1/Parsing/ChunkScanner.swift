/// Reads the framing of a chunked body (RFC 9112 §7.1), each byte once however it is split.
struct ChunkScanner: Sendable {
    enum Event {
        /// Bytes of the body follow.
        case data(Int)
        /// The body and its trailers are whole.
        case end
        case needsMore
    }

    private enum Phase {
        case size, extensions, sizeLineFeed, data, dataReturn, dataLineFeed
        case trailers(FieldScanner)
    }

    /// 15 digits can't overflow, and no body is that long.
    private static let digitLimit = 15

    private var phase = Phase.size
    private var digits = 0
    private var size = 0
    private var extensions = ChunkExtensions()

    /// Reads the framing that stands at the begin of the bytes.
    /// - Returns: What came of it, and how many bytes are done with.
    mutating func next(_ bytes: Bytes, _ limits: HTTP1Limits) throws(HTTP1Fault) -> (event: Event, length: Int) {
        var cursor = 0
        while cursor < bytes.count {
            let byte = bytes[cursor]
            switch phase {
            case .size:
                if let digit = ByteClass.hexadecimal(byte) {
                    digits += 1
                    guard digits <= Self.digitLimit else { throw .chunkSize }
                    size = size << 4 | digit
                    break
                }
                guard digits > 0 else { throw .chunkSize }
                guard byte == UInt8(ascii: ";") || ByteClass.isLineEnd(byte) else { throw .chunkSize }
                phase = .extensions
                continue
            case .extensions:
                if ByteClass.isLineEnd(byte) {
                    guard byte == ByteClass.carriageReturn else { throw .lineEnd }
                    guard extensions.mayEnd else { throw .chunkExtension }
                    phase = .sizeLineFeed
                } else {
                    try extensions.take(byte)
                }
            case .sizeLineFeed:
                guard byte == ByteClass.lineFeed else { throw .lineEnd }
                digits = 0
                extensions.restart()
                phase = size == 0 ? .trailers(FieldScanner(from: 0, limit: limits.fields)) : .data
            case .data:
                return (.data(size), cursor)
            case .dataReturn:
                guard byte == ByteClass.carriageReturn else { throw .chunkEnd }
                phase = .dataLineFeed
            case .dataLineFeed:
                guard byte == ByteClass.lineFeed else { throw .chunkEnd }
                phase = .size
            case .trailers(let scanner):
                let (event, length) = try trailers(scanner, bytes[cursor..<bytes.count], limits.trailers)
                return (event, cursor + length)
            }
            cursor += 1
        }
        return (.needsMore, cursor)
    }

    /// Notes that bytes of the body were taken.
    mutating func took(_ length: Int) {
        size -= length
        if size == 0 { phase = .dataReturn }
    }

    /// Reads trailers and drops them. They stay in the buffer until they are whole: the scanner counts from their begin.
    private mutating func trailers(
        _ scanner: FieldScanner, _ bytes: Bytes, _ limit: Int
    ) throws(HTTP1Fault) -> (Event, Int) {
        var scanner = scanner
        let window = bytes.prefix(limit)
        while true {
            switch try scanner.next(in: window) {
            case .field:
                guard !Self.isForbidden(window[scanner.name]) else { throw .trailer }
            case .end: return (.end, scanner.cursor)
            case .needsMore:
                guard window.count < limit else { throw .trailersTooLarge }
                phase = .trailers(scanner)
                return (.needsMore, 0)
            }
        }
    }

    /// What decides about the message can't come behind it (RFC 9110 §6.5.1): one that merges trailers into the fields
    /// would read another message.
    private static func isForbidden(_ name: Bytes) -> Bool {
        name.matches("content-length") || name.matches("transfer-encoding") || name.matches("host")
    }
}
