import Octets
import Crypto
import FoundationEssentials

/// A secret that is only compared: 256 random bits in base64url behind a prefix that says what it is for. What is stored
/// is its SHA-256; so many random bits need no slow hash.
public struct OpaqueSecret: Sendable, CustomStringConvertible, CustomReflectable {
    /// The secret itself, to be handed out once.
    public let text: String

    /// A new one.
    /// - Parameter prefix: What it begins with, `ghv_` for example, so that people and scanners know one when they see it.
    public init(prefix: String) {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<4).flatMap { _ in withUnsafeBytes(of: random.next() as UInt64) { Array($0) } }
        text = prefix + Base64URL.encode(bytes)
    }

    /// What is stored of it.
    public var digest: [UInt8] { Self.digest(of: text) }

    /// What would be stored of a text that somebody presents.
    public static func digest(of text: String) -> [UInt8] { Array(text.withBytes { SHA256.digest(of: $0) }) }

    /// Whether `text` is the secret of that digest. Takes the same time whatever is wrong.
    public static func matches(_ text: String, digest expected: [UInt8]?) -> Bool {
        isSame(digest(of: text), expected)
    }

    /// Whether two digests are the same, and there are two. Takes the same time wherever they differ.
    public static func isSame(_ digest: [UInt8], _ expected: [UInt8]?) -> Bool {
        expected.map { $0.equals(inConstantTime: digest) } ?? false
    }

    /// Never the secret.
    public var description: String { "‹redacted›" }
    /// A mirror without children, so that `dump` finds no secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
