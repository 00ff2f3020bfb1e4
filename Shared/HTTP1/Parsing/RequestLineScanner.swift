/// Reads a request line (RFC 9112 §3), each byte once however it is split.
///
/// Its offsets count from where the line's buffer begins.
struct RequestLineScanner: Sendable {
    private enum Phase {
        case method, target, version, lineFeed
    }

    /// No registered method has more than 17.
    private static let longestMethod = 32

    /// Where reading goes on.
    private(set) var cursor = 0
    private(set) var methodEnd = 0
    private(set) var targetEnd = 0
    /// 0 or 1; a later one is spoken as 1 (RFC 9110 §2.5).
    private(set) var minorVersion = 0

    private var phase = Phase.method
    private var version = VersionScanner()

    var method: Range<Int> { 0..<methodEnd }
    var target: Range<Int> { methodEnd + 1..<targetEnd }
    /// Whether it is the target that is not whole yet.
    var isInTarget: Bool { phase == .target }

    /// Reads on.
    /// - Parameter limit: Bytes the target may have.
    /// - Returns: Whether the line is whole.
    mutating func scan(_ bytes: Bytes, targetLimit limit: Int) throws(HTTP1Fault) -> Bool {
        // Falls through from step to step; a step that finds no bytes is where the next call goes on.
        switch phase {
        case .method:
            while cursor < bytes.count, ByteClass.isToken(bytes[cursor]) { cursor &+= 1 }
            guard cursor <= Self.longestMethod else { throw .method }
            guard cursor < bytes.count else { return false }
            guard bytes[cursor] == ByteClass.space, cursor > 0 else {
                throw ByteClass.isLineEnd(bytes[cursor]) ? .lineEnd : .method
            }
            methodEnd = cursor
            cursor &+= 1
            phase = .target
            fallthrough
        case .target:
            let start = methodEnd &+ 1
            let stop = bytes.count &- start > limit ? start &+ limit &+ 1 : bytes.count
            while cursor < stop, ByteClass.isTarget(bytes[cursor]) { cursor &+= 1 }
            guard cursor &- start <= limit else { throw .targetTooLong }
            guard cursor < bytes.count else { return false }
            guard bytes[cursor] == ByteClass.space, cursor > start else { throw .target }
            targetEnd = cursor
            cursor &+= 1
            phase = .version
            fallthrough
        case .version:
            guard try version.scan(bytes, &cursor), cursor < bytes.count else { return false }
            guard bytes[cursor] == ByteClass.carriageReturn else {
                throw bytes[cursor] == ByteClass.lineFeed ? .lineEnd : .version
            }
            cursor &+= 1
            phase = .lineFeed
            fallthrough
        case .lineFeed:
            guard cursor < bytes.count else { return false }
            guard bytes[cursor] == ByteClass.lineFeed else { throw .lineEnd }
            cursor &+= 1
            guard version.major == 1 else { throw .otherVersion }
            minorVersion = min(version.minor, 1)
            return true
        }
    }
}
