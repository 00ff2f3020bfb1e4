public import Domain

/// An address with the name shown beside it, as a mail's From line has it.
public struct Mailbox: Sendable, Hashable {
    /// The name shown, if there is one.
    public let name: String?
    /// The address, all ASCII.
    public let address: EmailAddress

    /// Takes `Name <a@b.c>`, `"Name" <a@b.c>`, `<a@b.c>` or `a@b.c`, and nothing with a control character in it.
    ///
    /// The address has to be ASCII (an international domain in its `xn--` form): any other sender could only be used
    /// at servers which know SMTPUTF8, also for mails to ASCII recipients.
    public init?(_ text: String) {
        guard !text.unicodeScalars.contains(where: HeaderField.endsLine) else { return nil }
        let text = Self.trimmed(text[...])
        guard text.hasSuffix(">") else {
            self.init(name: nil, address: text)
            return
        }
        guard let opening = text.lastIndex(of: "<") else { return nil }
        let address = text[opening...].dropFirst().dropLast()
        guard let name = Self.unquoted(Self.trimmed(text[..<opening])) else { return nil }
        self.init(name: name.isEmpty ? nil : name, address: address)
    }

    private init?(name: String?, address: Substring) {
        guard let address = EmailAddress(String(address)), address.text.utf8.allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        self.name = name
        self.address = address
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }

    /// The name without the quotes it may be in; nil where quotes or angle brackets are left over.
    private static func unquoted(_ text: Substring) -> String? {
        guard text.hasPrefix("\"") else {
            return text.contains { "\"<>".contains($0) } ? nil : String(text)
        }
        guard text.count >= 2, text.hasSuffix("\"") else { return nil }
        var name = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
                continue
            } else if character == "\"" {
                return nil
            }
            name.append(character)
        }
        return isEscaped ? nil : name
    }
}
