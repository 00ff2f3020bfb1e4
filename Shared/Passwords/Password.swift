public import NIOCore
import Octets
@_spi(_Unicode) import Swift

/// Why a text can't be a password, or can't be hashed or checked now.
public enum PasswordError: Error, Sendable, Equatable {
    /// It holds a NUL byte, at which C code would cut it.
    case containsNUL
    /// It is longer than 1,024 bytes.
    case tooLong
    /// Too much hashing is waiting already, half of which will have been begun after `respite`. Nothing was done.
    case overloaded(respite: TimeAmount)
    /// The stored hash is of no known form, or its cost is beyond what is evaluated.
    case unusableHash
    /// The hash could not be computed: no memory.
    case failed
}

/// A password as it is hashed: in NFC (NIST SP 800-63B-4), nothing trimmed, nothing folded, nothing cut.
public struct Password: Sendable, CustomStringConvertible, CustomReflectable {
    /// The longest one, in bytes.
    public static let maximumBytes = 1024
    let bytes: [UInt8]
    /// Its length in code points.
    let length: Int
    let text: String

    /// Takes a password as it was typed.
    /// - Throws: `PasswordError.containsNUL` or `.tooLong`.
    public init(_ typed: String) throws(PasswordError) {
        guard typed.utf8.count <= Self.maximumBytes else { throw .tooLong }
        guard typed.withBytes({ !$0.contains(0) }) else { throw .containsNUL }
        // ASCII is composed as it is.
        text = typed.withBytes { $0.allWords { $0 & Word.marks == 0 } } ? typed : Self.composed(typed)
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLong }
        bytes = Array(text.utf8)
        length = text.unicodeScalars.count
    }

    private static func composed(_ typed: String) -> String {
        var composed = ""
        composed.unicodeScalars.append(contentsOf: typed._nfc)
        return composed
    }

    /// Never the password.
    public var description: String { "‹redacted›" }
    /// A mirror without children, so that `dump` finds no secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
