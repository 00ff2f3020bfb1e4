/// A name a person signs in with.
public struct Username: Sendable, Hashable {
    /// The name as given.
    public let text: String

    /// Takes `text` when it is 1 to 64 letters, digits, dots, hyphens or underscores of any script, begins with a
    /// letter or digit, and so can't be mistaken for an e-mail address.
    public init?(_ text: String) {
        guard (1...64).contains(text.unicodeScalars.count) else { return nil }
        guard text.unicodeScalars.allSatisfy({ Self.isWord($0) || ".-_".unicodeScalars.contains($0) }) else {
            return nil
        }
        guard let first = text.unicodeScalars.first, Self.isWord(first) else { return nil }
        self.text = text
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .nonspacingMark, .spacingMark:
            return true
        default:
            return false
        }
    }
}
