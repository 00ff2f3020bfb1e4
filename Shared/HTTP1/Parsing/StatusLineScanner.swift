/// Reads a status line (RFC 9112 §4), each byte once however it is split. The reason is dropped; it may be missing.
///
/// Its offsets count from where the line's buffer begins.
struct StatusLineScanner: Sendable {
    private enum Phase {
        case version, status, reason, lineFeed
    }

    /// Where reading goes on.
    private(set) var cursor = 0
    private(set) var status = 0
    /// 0 or 1; a later one is spoken as 1 (RFC 9110 §2.5).
    private(set) var minorVersion = 0

    private var phase = Phase.version
    private var version = VersionScanner()
    private var digits = 0

    /// Reads on.
    /// - Returns: Whether the line is whole.
    mutating func scan(_ bytes: Bytes) throws(HTTP1Fault) -> Bool {
        // Falls through from step to step; a step that finds no bytes is where the next call goes on.
        switch phase {
        case .version:
            guard try version.scan(bytes, &cursor), cursor < bytes.count else { return false }
            guard bytes[cursor] == ByteClass.space else { throw .status }
            guard version.major == 1 else { throw .otherVersion }
            minorVersion = min(version.minor, 1)
            cursor &+= 1
            phase = .status
            fallthrough
        case .status:
            while digits < 3 {
                guard cursor < bytes.count else { return false }
                guard ByteClass.isDigit(bytes[cursor]) else { throw .status }
                status = status &* 10 &+ Int(bytes[cursor] &- UInt8(ascii: "0"))
                digits &+= 1
                cursor &+= 1
            }
            guard (100...599).contains(status) else { throw .status }
            guard cursor < bytes.count else { return false }
            // Either leads to the reason: the space, or the CR before which there is none.
            guard bytes[cursor] == ByteClass.space || bytes[cursor] == ByteClass.carriageReturn else {
                throw .status
            }
            phase = .reason
            fallthrough
        case .reason:
            cursor = bytes.endOfText(from: cursor)
            guard cursor < bytes.count else { return false }
            guard bytes[cursor] == ByteClass.carriageReturn else {
                throw bytes[cursor] == ByteClass.lineFeed ? .lineEnd : .status
            }
            cursor &+= 1
            phase = .lineFeed
            fallthrough
        case .lineFeed:
            guard cursor < bytes.count else { return false }
            guard bytes[cursor] == ByteClass.lineFeed else { throw .lineEnd }
            cursor &+= 1
            return true
        }
    }
}
