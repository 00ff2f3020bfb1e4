import Crypto
import Domain
public import FoundationEssentials

/// What a refresh token says: a place in the chain of one session. The token is derived, so nothing of it is stored but
/// the session's current generation.
public struct RefreshToken: Sendable, Equatable {
    /// The tenant.
    public let tenant: UUID
    /// The session, which is the family.
    public let session: UUID
    /// Its place in the chain.
    public let generation: UInt64

    /// A token.
    public init(tenant: UUID, session: UUID, generation: UInt64) {
        self.tenant = tenant
        self.session = session
        self.generation = generation
    }
}

/// Writes and reads refresh tokens: `ghr_` and, in base64url, key version, tenant, session, generation and a MAC.
///
/// A forged or mistyped token fails the MAC and never reaches the database.
public struct RefreshTokenCodec: Sendable {
    private static let prefix = "ghr_"
    private static let bodyLength = 1 + 16 + 16 + 8
    private let current: UInt8
    /// By the key's version.
    private let codes: [UInt8: MessageCode]

    /// A codec that writes under `current` and reads what was written under it or one of `previous`.
    public init(current: MasterKey, previous: [MasterKey] = []) {
        self.current = current.version
        codes = Dictionary(
            (previous + [current]).map { ($0.version, MessageCode(key: $0.derive("refresh-token"))) }
        ) { $1 }
    }

    /// The text of a token.
    public func encode(_ token: RefreshToken) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.bodyLength + MessageCode.length)
        bytes.append(current)
        withUnsafeBytes(of: token.tenant.uuid) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: token.session.uuid) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: token.generation.bigEndian) { bytes.append(contentsOf: $0) }
        codes[current]?.append(to: &bytes)
        return Self.prefix + Base64URL.encode(bytes)
    }

    /// The token of a text, or nil when it is none of ours.
    public func parse(_ text: String) -> RefreshToken? {
        guard text.utf8.count <= 128, text.hasPrefix(Self.prefix),
            let bytes = Base64URL.decode(text.utf8.dropFirst(Self.prefix.utf8.count)),
            bytes.count == Self.bodyLength + MessageCode.length, let body = codes[bytes[0]]?.message(in: bytes)
        else { return nil }
        return RefreshToken(tenant: body.uuid(at: 1), session: body.uuid(at: 17), generation: body.integer(at: 33))
    }
}
