import CArgon2
import CSodium

/// Argon2 (RFC 9106) of any origin in PHC string form, `$argon2id$v=19$m=19456,t=2,p=1$salt$key`: argon2id or argon2i.
/// Argon2d is refused: it leaks its memory accesses. libsodium evaluates what it can, libargon2 the rest.
struct Argon2: ImportedHash {
    enum Variant: String { case i, id }

    static let lanesCeiling = 8
    private let variant: Variant
    private let version: Int
    private let memory: Int
    private let passes: Int
    private let lanes: Int
    private let salt: [UInt8]
    private let key: DerivedKey

    /// A key and what it was made of.
    /// - Parameters:
    ///   - version: 19, or 16 for the one before it.
    ///   - memory: In KiB.
    init(
        variant: Variant, version: Int, memory: Int, passes: Int, lanes: Int, salt: [UInt8], key: [UInt8]
    ) throws(Refusal) {
        guard version == 16 || version == 19, passes >= 1, lanes >= 1, salt.count >= 8 else { throw .malformed }
        guard memory <= Argon2id.memoryCeiling, passes <= Argon2id.passesCeiling, lanes <= Self.lanesCeiling else {
            throw .costly
        }
        guard memory >= 8 * lanes else { throw .malformed }
        self.variant = variant
        self.version = version
        self.memory = memory
        self.passes = passes
        self.lanes = lanes
        self.salt = salt
        self.key = try DerivedKey(key)
    }

    static func recognises(_ stored: String) -> Bool { stored.hasPrefix("$argon2i$") || stored.hasPrefix("$argon2id$") }

    init(_ stored: String) throws(Refusal) {
        var fields = try Fields.split(stored)
        // Version 16 did not write its number.
        let version = fields.count == 6 ? try fields.remove(at: 2).numbers("v")[0] : 16
        guard fields.count == 5, let variant = Variant(rawValue: String(fields[1].dropFirst("argon2".count))) else {
            throw .malformed
        }
        let costs = try fields[2].numbers("m", "t", "p")
        try self.init(
            variant: variant, version: version, memory: costs[0], passes: costs[1], lanes: costs[2],
            salt: fields[3].base64(.unpadded), key: fields[4].base64(.unpadded))
    }

    /// Whether libsodium evaluates it: one lane, its length of salt, and at least three passes of argon2i.
    private var isForSodium: Bool {
        version == 19 && lanes == 1 && salt.count == Int(crypto_pwhash_SALTBYTES) && (variant == .id || passes >= 3)
    }

    /// Whether it is of the form that `Argon2id` writes.
    var isNative: Bool { isForSodium && variant == .id && key.bytes.count == 32 }

    /// Whether it was made with these parameters.
    func costs(as parameters: Argon2id) -> Bool { memory == parameters.memory && passes == parameters.passes }

    func matches(_ password: Password) throws(PasswordError) -> Bool {
        try key.matches { derived in isForSodium ? deriveBySodium(password, &derived) : derive(password, &derived) }
    }

    private func deriveBySodium(_ password: Password, _ derived: inout [UInt8]) -> Bool {
        let characters = password.bytes.map { CChar(bitPattern: $0) }
        let algorithm = variant == .id ? crypto_pwhash_ALG_ARGON2ID13 : crypto_pwhash_ALG_ARGON2I13
        return crypto_pwhash(
            &derived, UInt64(derived.count), characters, UInt64(characters.count), salt, UInt64(passes), memory * 1024,
            algorithm) == 0
    }

    /// By libargon2, all lanes on this thread: how many cores hash is for the pool to say.
    private func derive(_ password: Password, _ derived: inout [UInt8]) -> Bool {
        var characters = password.bytes
        var salt = salt
        let outcome = derived.withUnsafeMutableBufferPointer { derived in
            characters.withUnsafeMutableBufferPointer { characters in
                salt.withUnsafeMutableBufferPointer { salt in
                    var context = argon2_context()
                    context.out = derived.baseAddress
                    context.outlen = UInt32(derived.count)
                    context.pwd = characters.baseAddress
                    context.pwdlen = UInt32(characters.count)
                    context.salt = salt.baseAddress
                    context.saltlen = UInt32(salt.count)
                    context.t_cost = UInt32(passes)
                    context.m_cost = UInt32(memory)
                    context.lanes = UInt32(lanes)
                    context.threads = 1
                    context.version = UInt32(version)
                    return argon2_ctx(&context, variant == .id ? Argon2_id : Argon2_i)
                }
            }
        }
        return outcome == ARGON2_OK.rawValue
    }
}

extension Argon2id {
    /// Takes only hashes of the form that it writes, so that all others go to `Argon2`, which also tells why not.
    func read(_ stored: String) throws(Refusal) -> any StoredHash {
        let hash = try Argon2(stored)
        guard hash.isNative else { throw .unknownForm }
        return NativeHash(hash: hash, isOutdated: !hash.costs(as: self))
    }
}

/// A hash of the form that `Argon2id` writes.
private struct NativeHash: StoredHash {
    let hash: Argon2
    let isOutdated: Bool

    func matches(_ password: Password) throws(PasswordError) -> Bool { try hash.matches(password) }
}
