import Domain

/// One header field, folded, without its final line break.
///
/// Whatever its value holds, it stays one field: what could end a line becomes a space first (SECURITY E11).
struct HeaderField {
    /// RFC 5322 §2.1.1.
    static let lineLimit = 78
    private static let fold = "\r\n"

    /// Name, colon and value.
    let text: String

    /// A field of ASCII without spaces to fold at, such as a date.
    init(_ name: String, _ value: String) {
        text = "\(name): \(Self.oneLine(value))"
    }

    /// A field of words for people, such as the subject; in encoded words where it has to be.
    init(_ name: String, words value: String) {
        let value = Self.oneLine(value)
        text =
            Self.folded(name, value)
            ?? "\(name): " + EncodedWords.encode(value, column: name.utf8.count + 2).joined(separator: Self.fold + " ")
    }

    /// A field of one address with its name.
    init(_ name: String, _ mailbox: Mailbox) {
        let shown = Self.oneLine(mailbox.name ?? "")
        guard !shown.isEmpty else {
            text = "\(name): \(mailbox.address.text)"
            return
        }
        let column = name.utf8.count + 2
        var lines: [String]
        if let phrase = Self.phrase(shown), column + phrase.utf8.count <= Self.lineLimit {
            lines = [phrase]
        } else {
            lines = EncodedWords.encode(shown, column: column)
        }
        let address = "<\(mailbox.address.text)>"
        let last = (lines.count == 1 ? column : 1) + lines[lines.count - 1].utf8.count
        if last + 1 + address.utf8.count <= EncodedWords.lineLimit {
            lines[lines.count - 1] += " " + address
        } else {
            lines.append(address)
        }
        text = "\(name): " + lines.joined(separator: Self.fold + " ")
    }

    /// Whether `scalar` could end a line, or is a control character some program may take for that.
    static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// `text` with each run of white space and control characters made one space, and none at its ends.
    private static func oneLine(_ text: String) -> String {
        let parts = text.unicodeScalars.split { $0 == " " || endsLine($0) }
        return parts.map { String(String.UnicodeScalarView($0)) }.joined(separator: " ")
    }

    /// Printable ASCII that no reader takes for an encoded word.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
    }

    /// `value` as it is in lines that fit; nil where there is no such way.
    private static func folded(_ name: String, _ value: String) -> String? {
        guard isPlain(value) else { return nil }
        var text = "\(name):"
        var column = text.utf8.count
        for word in value.split(separator: " ") {
            if column + 1 + word.utf8.count > lineLimit {
                text += fold
                column = 0
            }
            guard column + 1 + word.utf8.count <= lineLimit else { return nil }
            text += " " + word
            column += 1 + word.utf8.count
        }
        return text
    }

    /// A display name as atoms or in quotes (RFC 5322 §3.2.5); nil where only encoded words will do.
    private static func phrase(_ name: String) -> String? {
        guard isPlain(name) else { return nil }
        let isAtoms = name.unicodeScalars.allSatisfy { $0 == " " || isAtomText($0) }
        guard !isAtoms else { return name }
        let escaped = name.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }
        return "\"\(escaped.joined())\""
    }

    private static func isAtomText(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(scalar)
        }
    }
}
