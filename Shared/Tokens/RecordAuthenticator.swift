import Crypto
import FoundationEssentials

/// Vouches for records that others keep: HMAC-SHA256 under a key that is derived from the master key for one purpose.
public struct RecordAuthenticator: Sendable {
    /// The number of the key that new codes are made under.
    public let version: UInt8
    private let keys: [UInt8: SymmetricKey]

    /// An authenticator that makes codes under `current` and recognises those made under it or one of `previous`.
    public init(purpose: String, current: MasterKey, previous: [MasterKey] = []) {
        version = current.version
        keys = Dictionary((previous + [current]).map { ($0.version, $0.derive(purpose)) }) { _, latest in latest }
    }

    /// Begins a code.
    /// - Throws: `KeyError.unknownVersion` for a key that isn't configured.
    public func begin(version: UInt8) throws(KeyError) -> RecordCode {
        guard let key = keys[version] else { throw .unknownVersion(version) }
        return RecordCode(HMAC<SHA256>(key: key))
    }
}

/// A code under way.
public struct RecordCode {
    private var code: HMAC<SHA256>

    init(_ code: HMAC<SHA256>) {
        self.code = code
    }

    /// Takes in bytes of the record.
    public mutating func update(_ bytes: [UInt8]) { code.update(data: bytes) }

    /// The code: 32 bytes.
    public func bytes() -> [UInt8] { Array(code.finalize()) }
}
