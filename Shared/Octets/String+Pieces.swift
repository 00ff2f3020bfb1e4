/// Texts taken apart by bytes. `split` and `contains` compare characters, which takes several hundred instructions for each:
/// a header field of a few kilobytes, millions.
extension Substring {
    /// What stands between these separators, one piece more than there are of them; empty ones too.
    /// - Parameter separator: Of ASCII, so that it is no part of another character's bytes.
    public func pieces(between separator: Unicode.Scalar) -> [Substring] {
        let separator = UInt8(ascii: separator)
        func pieces(of bytes: UnsafeRawBufferPointer) -> [Substring] {
            var pieces: [Substring] = []
            var (start, rest) = (startIndex, bytes)
            while true {
                let (piece, behind) = rest.cut(at: separator)
                let end = utf8.index(start, offsetBy: piece.count)
                pieces.append(self[start..<end])
                if piece.count == rest.count { return pieces }
                start = utf8.index(after: end)
                rest = behind
            }
        }
        return utf8.withContiguousStorageIfAvailable { pieces(of: UnsafeRawBufferPointer($0)) }
            ?? ContiguousArray(utf8).withUnsafeBytes(pieces(of:))
    }

    /// The same without the empty ones.
    public func words(between separator: Unicode.Scalar) -> [Substring] {
        pieces(between: separator).filter { !$0.isEmpty }
    }
}

extension String {
    /// What stands between these separators, one piece more than there are of them; empty ones too.
    /// - Parameter separator: Of ASCII, so that it is no part of another character's bytes.
    public func pieces(between separator: Unicode.Scalar) -> [Substring] { self[...].pieces(between: separator) }

    /// The same without the empty ones.
    public func words(between separator: Unicode.Scalar) -> [Substring] { self[...].words(between: separator) }
}

extension Substring {
    /// The text without its blanks and tabs.
    public var withoutBlanks: String {
        String(decoding: utf8.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }, as: UTF8.self)
    }
}

extension String {
    /// Whether these bytes stand anywhere in it.
    public func holds(_ part: String) -> Bool {
        withBytes { bytes in part.withBytes { bytes.holds($0) } }
    }
}
