import Crypto
import FoundationEssentials

/// Seals secrets for storage with AES-256-GCM, bound to the place they belong to.
public struct KeySealer: Sendable {
    private let current: MasterKey
    private let keys: [UInt8: SymmetricKey]

    /// A sealer that seals under `current` and opens what was sealed under it or one of `previous`.
    public init(current: MasterKey, previous: [MasterKey] = []) {
        self.current = current
        keys = Dictionary((previous + [current]).map { ($0.version, $0.derive("seal")) }) { _, latest in latest }
    }

    /// Seals `secret` for `context`, without which it can't be opened.
    public func seal(_ secret: [UInt8], context: String) throws -> [UInt8] {
        let box = try AES.GCM.seal(
            secret, using: current.derive("seal"), authenticating: Self.associated(current.version, context))
        return [current.version] + box.nonce + box.ciphertext + box.tag
    }

    /// Opens what `seal` made.
    public func open(_ sealed: [UInt8], context: String) throws(KeyError) -> [UInt8] {
        guard let version = sealed.first, sealed.count > 29 else { throw .invalid }
        guard let key = keys[version] else { throw .unknownVersion(version) }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            return Array(try AES.GCM.open(box, using: key, authenticating: Self.associated(version, context)))
        } catch {
            throw .notAuthentic
        }
    }

    private static func associated(_ version: UInt8, _ context: String) -> [UInt8] { [version] + Array(context.utf8) }
}
