import Crypto
import FoundationEssentials

/// Why a key can't be used.
public enum KeyError: Error, Sendable, Equatable {
    /// It has another length than it must.
    case length
    /// It is no key of its algorithm.
    case invalid
    /// It was sealed under a master key that isn't configured.
    case unknownVersion(UInt8)
    /// It was changed, or sealed for another purpose.
    case notAuthentic
}

/// The secret from configuration that all others at rest hang on; never used itself, only to derive keys.
public struct MasterKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// Which key this is, so that what was made under an earlier one is recognised.
    public let version: UInt8
    private let key: SymmetricKey

    /// A master key of 32 bytes.
    public init(version: UInt8 = 1, bytes: some Collection<UInt8>) throws(KeyError) {
        guard bytes.count == 32 else { throw .length }
        self.version = version
        self.key = SymmetricKey(data: Array(bytes))
    }

    /// The key for one purpose (HKDF-SHA256, RFC 5869).
    func derive(_ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Array("gatehouse/\(purpose)/\(version)".utf8), outputByteCount: 32)
    }

    /// Never the key.
    public var description: String { "MasterKey(version: \(version), ‹redacted›)" }
    /// A mirror without children, so that `dump` finds no secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
