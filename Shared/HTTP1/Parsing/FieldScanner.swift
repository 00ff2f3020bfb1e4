/// Reads the lines of a field section (RFC 9112 §5), of a head or after a chunked body.
///
/// It keeps its place, in the middle of a line, too: each byte is looked at once however the bytes are split. Its
/// offsets count from where the section's buffer begins, which must stay in place until the section is whole.
struct FieldScanner: Sendable {
    enum Event {
        /// A line is whole; `name` and `value` say where it stands.
        case field
        /// The empty line came.
        case end
        case needsMore
    }

    private enum Phase {
        case lineStart, name, beforeValue, value, lineFeed, lastLineFeed
    }

    /// Where reading goes on.
    private(set) var cursor: Int
    /// Where the name of the field that was read last stands.
    private(set) var name = 0..<0
    /// Where its value stands, without the blanks around it.
    private(set) var value = 0..<0

    private var phase = Phase.lineStart
    private var count = 0
    private let limit: Int

    /// - Parameters:
    ///   - cursor: Where the first line begins.
    ///   - limit: How many fields there may be.
    init(from cursor: Int, limit: Int) {
        self.cursor = cursor
        self.limit = limit
    }

    /// Reads on.
    @inline(__always)
    mutating func next(in bytes: Bytes) throws(HTTP1Fault) -> Event {
        var index = cursor
        defer { cursor = index }
        // Falls through from step to step; a step that finds no bytes is where the next call goes on.
        switch phase {
        case .lineStart:
            guard index < bytes.count else { return .needsMore }
            let first = bytes[index]
            if first == ByteClass.carriageReturn {
                index &+= 1
                phase = .lastLineFeed
                return try Self.lineFeed(in: bytes, at: &index) ? .end : .needsMore
            }
            guard !ByteClass.isBlank(first) else { throw .folded }
            guard count < limit else { throw .tooManyFields }
            name = index..<index
            phase = .name
            fallthrough
        case .name:
            let start = name.lowerBound
            while index < bytes.count, ByteClass.isToken(bytes[index]) { index &+= 1 }
            // A block notes the length in two bytes.
            guard index &- start <= Int(UInt16.max) else { throw .fieldNameTooLong }
            guard index < bytes.count else { return .needsMore }
            guard bytes[index] == UInt8(ascii: ":"), index > start else { throw .fieldName }
            name = start..<index
            index &+= 1
            phase = .beforeValue
            fallthrough
        case .beforeValue:
            while index < bytes.count, ByteClass.isBlank(bytes[index]) { index &+= 1 }
            guard index < bytes.count else { return .needsMore }
            value = index..<index
            phase = .value
            fallthrough
        case .value:
            let start = value.lowerBound
            index = bytes.endOfText(from: index)
            guard index < bytes.count else { return .needsMore }
            guard bytes[index] == ByteClass.carriageReturn else {
                throw bytes[index] == ByteClass.lineFeed ? .lineEnd : .fieldValue
            }
            var end = index
            while end > start, ByteClass.isBlank(bytes[end &- 1]) { end &-= 1 }
            value = start..<end
            index &+= 1
            phase = .lineFeed
            fallthrough
        case .lineFeed:
            guard try Self.lineFeed(in: bytes, at: &index) else { return .needsMore }
            count &+= 1
            phase = .lineStart
            return .field
        case .lastLineFeed:
            return try Self.lineFeed(in: bytes, at: &index) ? .end : .needsMore
        }
    }

    /// Steps over the line feed.
    /// - Returns: Whether it came.
    @inline(__always)
    private static func lineFeed(in bytes: Bytes, at index: inout Int) throws(HTTP1Fault) -> Bool {
        guard index < bytes.count else { return false }
        guard bytes[index] == ByteClass.lineFeed else { throw .lineEnd }
        index &+= 1
        return true
    }
}
