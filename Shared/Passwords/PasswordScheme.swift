/// One form of stored hash. Adding one is a file in `Schemes` and a line in `PasswordSchemes`.
protocol PasswordScheme: Sendable {
    /// Whether a stored hash is of this form.
    func recognises(_ stored: String) -> Bool
    /// Why a stored hash of this form would not be evaluated, or nil when it would. Computes no hash.
    func refusal(of stored: String) -> Refusal?
    /// Whether `password` made the stored hash.
    /// - Throws: `PasswordError.unusableHash` when it can't be read or costs more than is evaluated.
    func matches(_ password: Password, _ stored: String) throws(PasswordError) -> Bool
    /// Whether a hash that matched should be replaced by one of the present parameters.
    func isOutdated(_ stored: String) -> Bool
}

/// Why a stored hash is not evaluated. Tells nothing of what it holds.
enum Refusal: String, Error {
    case unknownForm = "form is not known"
    case malformed = "form can't be read"
    case costly = "cost is beyond what is evaluated"
    case keyLength = "derived key is not of 16 to 64 bytes"
}

/// The forms that are understood.
public struct PasswordSchemes: Sendable {
    let preferred: Argon2id

    /// The first that recognises a hash and does not refuse it evaluates it.
    var all: [any PasswordScheme] {
        [
            preferred, Imported<Argon2>(), Imported<Bcrypt>(), Imported<Scrypt>(), Imported<CryptScrypt>(),
            Imported<Yescrypt>(), Imported<SHACrypt>(), Imported<DjangoPBKDF2>(), Imported<PasslibPBKDF2>(),
            Imported<KeycloakCredential>(),
        ]
    }

    /// The schemes, with the parameters of new hashes.
    public init(preferred: Argon2id = Argon2id()) {
        self.preferred = preferred
    }

    /// Why a stored hash would not be evaluated, for an importer to tell; nil when it would be. Computes no hash.
    public func refusal(of stored: String) -> String? {
        do throws(Refusal) {
            _ = try find(stored)
            return nil
        } catch {
            return error.rawValue
        }
    }

    func scheme(of stored: String) throws(PasswordError) -> any PasswordScheme {
        do throws(Refusal) {
            return try find(stored)
        } catch {
            throw .unusableHash
        }
    }

    private func find(_ stored: String) throws(Refusal) -> any PasswordScheme {
        var refusal = Refusal.unknownForm
        for scheme in all where scheme.recognises(stored) {
            guard let reason = scheme.refusal(of: stored) else { return scheme }
            refusal = reason
        }
        throw refusal
    }
}
