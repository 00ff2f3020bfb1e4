/// An e-mail address as a person typed it, checked for shape only: whether it exists is found out by mailing it.
public struct EmailAddress: Sendable, Hashable {
    /// The address as given.
    public let text: String

    /// Takes `text` when it is exactly one address of the plain form `local@domain`.
    ///
    /// Quoted local parts, comments, lists, white space and control characters are refused: each has been used to
    /// send one mail to two people or to write mail headers (SECURITY E11). At most 254 bytes (RFC 5321 §4.5.3.1).
    public init?(_ text: String) {
        guard text.utf8.count <= 254 else { return nil }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let (local, domain) = (parts[0], parts[1])
        guard Self.isDotSeparated(local, allowing: Self.isLocalScalar), local.utf8.count <= 64 else { return nil }
        guard Self.isDotSeparated(domain, allowing: Self.isDomainScalar), domain.contains(".") else { return nil }
        guard
            domain.split(separator: ".").allSatisfy({
                !$0.hasPrefix("-") && !$0.hasSuffix("-") && $0.utf8.count <= 63
            })
        else { return nil }
        self.text = text
    }

    /// The part before the `@`.
    public var local: Substring { text.prefix { $0 != "@" } }

    /// The part after the `@`.
    public var domain: Substring { text.drop { $0 != "@" }.dropFirst() }

    private static func isDotSeparated(_ text: Substring, allowing: (Unicode.Scalar) -> Bool) -> Bool {
        guard !text.isEmpty, !text.hasPrefix("."), !text.hasSuffix("."), !text.contains("..") else { return false }
        return text.unicodeScalars.allSatisfy { $0 == "." || allowing($0) }
    }

    private static func isLocalScalar(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(scalar)
        }
        return isVisible(scalar)
    }

    private static func isDomainScalar(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "-"
        }
        return isVisible(scalar)
    }

    /// Letters, marks and digits of any script, but none of the forms that compatibility gives another reading:
    /// full-width and small forms, circled, letter-like and mathematical ones could stand for an `@`, a dot or a slash.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2000...0x2BFF, 0x3000...0x303F, 0x3200...0x33FF, 0xFB00...0xFB4F, 0xFE00...0xFE6F, 0xFF00...0xFFEF,
            0x1D400...0x1D7FF, 0x1F000...0x1FFFF:
            return false
        default: break
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .nonspacingMark, .spacingMark:
            return true
        default:
            return false
        }
    }
}
