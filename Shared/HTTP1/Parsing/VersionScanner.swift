/// Reads `HTTP/1.1` (RFC 9112 §2.3), each byte once however it is split.
struct VersionScanner: Sendable {
    private static let form: StaticString = "HTTP/0.0"
    /// `HTTP/1.1`, as eight bytes are read at once.
    private static let usual: UInt64 = 0x312e_312f_5054_5448

    private var position = 0
    private(set) var major = 0
    private(set) var minor = 0

    /// Reads on.
    /// - Returns: Whether the version is whole.
    @inline(__always)
    mutating func scan(_ bytes: Bytes, _ cursor: inout Int) throws(HTTP1Fault) -> Bool {
        if position == 0, bytes.word(at: cursor) == Self.usual {
            (position, major, minor) = (8, 1, 1)
            cursor &+= 8
            return true
        }
        return try scanBytes(bytes, &cursor)
    }

    private mutating func scanBytes(_ bytes: Bytes, _ cursor: inout Int) throws(HTTP1Fault) -> Bool {
        while position < 8 {
            guard cursor < bytes.count else { return false }
            let expected = Self.form.utf8Start[position]
            if expected == UInt8(ascii: "0") {
                guard ByteClass.isDigit(bytes[cursor]) else { throw .version }
                major = minor
                minor = Int(bytes[cursor] &- expected)
            } else if bytes[cursor] != expected {
                throw .version
            }
            position &+= 1
            cursor &+= 1
        }
        return true
    }
}
