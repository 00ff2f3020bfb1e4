/// yescrypt as crypt(5) stores it: `$y$j9T$salt$key`. Of its parameters the ones that crypt_gensalt(3) writes are taken: its
/// own flavour `j`, one character for the logarithm of N and one for r, nothing else.
struct Yescrypt: ImportedHash {
    /// What N and r may ask for: as much as scrypt at its ceiling, 128 MiB.
    static let memoryCeiling = 128 << 20
    private let hash: CryptHash

    static func recognises(_ stored: String) -> Bool { stored.hasPrefix("$y$") }

    init(_ stored: String) throws(Refusal) {
        let fields = try Fields.split(stored)
        guard fields.count == 5, Self.isSalt(fields[3]) else { throw .malformed }
        let parameters = Array(fields[2].utf8)
        guard parameters.count == 3, parameters[0] == UInt8(ascii: "j") else { throw .malformed }
        // Both count from one. From 48 on they go on in a second character: far beyond the ceiling for N.
        let logarithm = try CryptHash.value(parameters[1]) + 1
        let blockSize = try CryptHash.value(parameters[2]) + 1
        guard logarithm >= 2, blockSize <= 48 else { throw .malformed }
        guard logarithm <= 20, (128 * blockSize) << logarithm <= Self.memoryCeiling else { throw .costly }
        hash = try CryptHash(stored, key: fields[4], keyLength: 43)
    }

    func matches(_ password: Password) throws(PasswordError) -> Bool { try hash.matches(password) }

    /// Whether a text encodes whole bytes, at most 64, as libxcrypt demands.
    private static func isSalt(_ text: Substring) -> Bool {
        guard 1...86 ~= text.utf8.count, let last = try? CryptHash.value(text.utf8.last), CryptHash.isEncoded(text)
        else { return false }
        return switch text.utf8.count % 4 {
        case 0: true
        case 1: false
        case 2: last < 4
        default: last < 16
        }
    }
}
