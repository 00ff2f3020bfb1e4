/// A server's answer to one command (RFC 5321 §4.2), of one or more lines.
struct SMTPReply: Equatable {
    /// 200 to 599.
    let code: Int
    /// The lines' text without the codes, made printable, at most 300 characters.
    private(set) var text: String
    /// Whether its last line was read.
    private(set) var isWhole: Bool

    /// The reply that begins with `line`; nil where that is none.
    init?(line: String) {
        guard let (code, isLast, text) = Self.parts(of: line) else { return nil }
        self.code = code
        self.text = text
        isWhole = isLast
    }

    /// Takes the next line of a reply that isn't whole.
    mutating func append(line: String) {
        guard let (_, isLast, next) = Self.parts(of: line) else { return }
        text = String("\(text) \(next)".prefix(300))
        isWhole = isLast
    }

    /// Code and enhanced code (RFC 3463) with nothing of the text: `550 5.1.1`.
    var status: String {
        let enhanced = text.prefix { $0 != " " }
        let numbers = enhanced.split(separator: ".", omittingEmptySubsequences: false)
        let isEnhanced = numbers.count == 3 && numbers.allSatisfy { (1...3).contains($0.count) && Int($0) != nil }
        return isEnhanced ? "\(code) \(enhanced)" : "\(code)"
    }

    /// Whether the server refused, for now (4xx) or for good (5xx).
    var isRefusal: Bool { code >= 400 }

    private static func parts(of line: String) -> (code: Int, isLast: Bool, text: String)? {
        let scalars = line.unicodeScalars
        guard let code = Int(String(scalars.prefix(3))), (200...599).contains(code) else { return nil }
        let separator = scalars.dropFirst(3).first
        let words = scalars.dropFirst(4).split { $0 == " " || HeaderField.endsLine($0) }
        let text = words.map { String(String.UnicodeScalarView($0)) }.joined(separator: " ")
        return (code, separator != "-", String(text.prefix(300)))
    }
}
