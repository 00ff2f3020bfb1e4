public import Crypto
import Octets

/// The secret that the processes know one another by.
public struct InternalKey: Sendable, CustomStringConvertible {
    private let bytes: [UInt8]

    /// A key of the secret's UTF-8 bytes.
    public init(_ secret: String) {
        bytes = Array(secret.utf8)
    }

    /// Whether `candidate` is this key, in a time that tells nothing of how much of it was right.
    public func matches(_ candidate: [UInt8]) -> Bool { bytes.equals(inConstantTime: candidate) }

    /// Whether these bytes are this key, in a time that tells nothing of how much of it was right.
    func matches(_ candidate: UnsafeRawBufferPointer) -> Bool {
        bytes.withUnsafeBytes { $0.equals(inConstantTime: candidate) }
    }

    /// The key for one purpose (HKDF-SHA256, RFC 5869).
    public func derive(_ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: bytes), info: Array("gatehouse \(purpose)".utf8), outputByteCount: 32)
    }

    /// Hands the key to `body`, which sends it to another process.
    public func reveal<R>(_ body: (String) throws -> R) rethrows -> R {
        try body(String(decoding: bytes, as: UTF8.self))
    }

    /// Never the key.
    public var description: String { "‹redacted›" }
}
