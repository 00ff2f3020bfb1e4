import FoundationEssentials

/// The encoding of any text as ASCII for header fields (RFC 2047).
enum EncodedWords {
    /// RFC 2047 §2: a line with an encoded word is at most 76 columns.
    static let lineLimit = 76
    private static let prefix = "=?utf-8?B?"
    private static let suffix = "?="

    /// The words for `text`, each for a line of its own: they are to be joined by a line break and one space, which
    /// the reader drops.
    /// - Parameter column: Columns taken on the first line.
    static func encode(_ text: String, column: Int) -> [String] {
        var words: [String] = []
        var bytes: [UInt8] = []
        var room = byteRoom(after: column)
        // A scalar never spans two words (RFC 2047 §5).
        for scalar in text.unicodeScalars {
            let next = UTF8.encode(scalar).map(Array.init) ?? []
            if bytes.count + next.count > room {
                words.append(word(bytes))
                bytes = []
                room = byteRoom(after: 1)
            }
            bytes += next
        }
        return words + [word(bytes)]
    }

    private static func byteRoom(after column: Int) -> Int {
        // Four characters of base64 hold three bytes; a word has at most 75 characters.
        (min(lineLimit - column, 75) - prefix.utf8.count - suffix.utf8.count) / 4 * 3
    }

    private static func word(_ bytes: [UInt8]) -> String {
        prefix + Data(bytes).base64EncodedString() + suffix
    }
}
