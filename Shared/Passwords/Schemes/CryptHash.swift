import CCrypt
import CSodium
import Glibc

/// A stored hash in a form of crypt(5), evaluated by libxcrypt.
struct CryptHash: Sendable {
    private static let alphabet = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private let stored: String
    private let keyLength: Int
    private let longestPassword: Int

    /// A hash whose key is the last `keyLength` characters.
    /// - Parameters:
    ///   - key: Those characters, which must be of crypt's alphabet.
    ///   - longestPassword: Bytes of password that the form takes. A longer password matches nothing: to cut it would
    ///     let another one in.
    init(
        _ stored: String, key: Substring, keyLength: Int, longestPassword: Int = Int(CRYPT_MAX_PASSPHRASE_SIZE) - 1
    ) throws(Refusal) {
        guard Self.isEncoded(key) else { throw .malformed }
        guard key.utf8.count == keyLength else { throw .keyLength }
        self.stored = stored
        self.keyLength = keyLength
        self.longestPassword = longestPassword
    }

    func matches(_ password: Password) throws(PasswordError) -> Bool {
        // A password that is too long costs what any other does.
        var phrase = password.bytes.prefix(longestPassword).map { CChar(bitPattern: $0) } + [0]
        let work = UnsafeMutableRawBufferPointer.allocate(
            byteCount: MemoryLayout<crypt_data>.size, alignment: MemoryLayout<max_align_t>.alignment)
        defer {
            sodium_memzero(&phrase, phrase.count)
            sodium_memzero(work.baseAddress, work.count)
            work.deallocate()
        }
        work.initializeMemory(as: UInt8.self, repeating: 0)
        // As crypt_r, but null on failure instead of "*0" or "*1".
        guard let output = crypt_rn(phrase, stored, work.baseAddress, Int32(work.count)) else {
            throw errno == ENOMEM ? .failed : .unusableHash
        }
        let length = strlen(output)
        guard length >= keyLength else { throw .unusableHash }
        let isEqual = sodium_memcmp(output + (length - keyLength), Array(stored.utf8.suffix(keyLength)), keyLength) == 0
        return isEqual && password.bytes.count <= longestPassword
    }

    /// The value of a character of crypt's alphabet.
    static func value(_ byte: UInt8?) throws(Refusal) -> Int {
        guard let byte, let value = alphabet.firstIndex(of: byte) else { throw .malformed }
        return value
    }

    /// Whether a text is of crypt's alphabet.
    static func isEncoded(_ text: Substring) -> Bool { text.utf8.allSatisfy(alphabet.contains) }
}
