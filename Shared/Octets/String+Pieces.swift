/// Texts taken apart by bytes. `split` and `contains` compare characters, which takes several hundred instructions for each:
/// a header field of a few kilobytes, millions.
extension StringProtocol where SubSequence == Substring {
    /// What stands between these separators, one piece more than there are of them; empty ones too.
    /// - Parameter separator: Of ASCII, so that it is no part of another character's bytes.
    public func pieces(between separator: Unicode.Scalar) -> [Substring] {
        let separator = UInt8(ascii: separator)
        var pieces: [Substring] = []
        var start = startIndex
        func take(_ bytes: UnsafeRawBufferPointer) {
            var rest = bytes
            while true {
                let (piece, behind) = rest.cut(at: separator)
                let end = utf8.index(start, offsetBy: piece.count)
                pieces.append(self[start..<end])
                if piece.count == rest.count { return }
                start = utf8.index(after: end)
                rest = behind
            }
        }
        if utf8.withContiguousStorageIfAvailable({ take(UnsafeRawBufferPointer($0)) }) == nil {
            ContiguousArray(utf8).withUnsafeBytes(take)
        }
        return pieces
    }

    /// The same without the empty ones.
    public func words(between separator: Unicode.Scalar) -> [Substring] {
        pieces(between: separator).filter { !$0.isEmpty }
    }
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
