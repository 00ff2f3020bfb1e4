/// Reads the extensions behind a chunk's size (RFC 9112 §7.1.1) to drop them, byte by byte: `;name`, `;name=token` or
/// `;name="text"`, any number of times.
struct ChunkExtensions: Sendable {
    private enum Place {
        case none, nameStart, name, valueStart, token, quoted, escaped, closed
    }

    /// Nothing here reads extensions; who sends long ones wants something else.
    private static let lineLimit = 256
    private static let messageLimit = 4 << 10

    private var place = Place.none
    private var line = 0
    private var message = 0

    /// Begins with the line of another chunk.
    mutating func restart() {
        (place, line) = (.none, 0)
    }

    /// Whether the line may end here.
    var mayEnd: Bool {
        switch place {
        case .none, .name, .token, .closed: true
        case .nameStart, .valueStart, .quoted, .escaped: false
        }
    }

    /// Takes the next byte.
    mutating func take(_ byte: UInt8) throws(HTTP1Fault) {
        line += 1
        message += 1
        guard line <= Self.lineLimit, message <= Self.messageLimit, let next = next(byte) else { throw .chunkExtension }
        place = next
    }

    private func next(_ byte: UInt8) -> Place? {
        switch (place, byte) {
        // The grammar lets blanks stand around `;` and `=`, which nobody sends and some have read as the line's end.
        case (.none, UInt8(ascii: ";")), (.name, UInt8(ascii: ";")), (.token, UInt8(ascii: ";")),
            (.closed, UInt8(ascii: ";")):
            .nameStart
        case (.name, UInt8(ascii: "=")): .valueStart
        case (.valueStart, UInt8(ascii: "\"")): .quoted
        case (.quoted, UInt8(ascii: "\"")): .closed
        case (.quoted, UInt8(ascii: "\\")): .escaped
        case (.quoted, _), (.escaped, _): ByteClass.isText(byte) ? .quoted : nil
        case (.nameStart, _), (.name, _): ByteClass.isToken(byte) ? .name : nil
        case (.valueStart, _), (.token, _): ByteClass.isToken(byte) ? .token : nil
        case (.none, _), (.closed, _): nil
        }
    }
}
