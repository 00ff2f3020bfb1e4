/// One form of stored hash. Adding one is a file in `Schemes` and a line in `PasswordSchemes`.
protocol PasswordScheme: Sendable {
    /// Whether a stored hash is of this form.
    func recognises(_ stored: String) -> Bool
    /// Reads a stored hash of this form. Computes nothing.
    /// - Throws: `Refusal` when it can't be read or asks for more than is evaluated.
    func read(_ stored: String) throws(Refusal) -> any StoredHash
}

/// A stored hash that was read, and found to be within the ceilings.
protocol StoredHash: Sendable {
    /// Whether `password` made it.
    /// - Throws: `PasswordError.failed` when there is no memory to tell.
    func matches(_ password: Password) throws(PasswordError) -> Bool
    /// Whether it is to be replaced by one of the present parameters when its password comes.
    var isOutdated: Bool { get }
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

    /// Reads a stored hash of any form.
    /// - Throws: `PasswordError.unusableHash` when it can't be read or costs more than is evaluated.
    func read(_ stored: String) throws(PasswordError) -> any StoredHash {
        do throws(Refusal) {
            return try find(stored)
        } catch {
            throw .unusableHash
        }
    }

    private func find(_ stored: String) throws(Refusal) -> any StoredHash {
        var refusal = Refusal.unknownForm
        for scheme in all where scheme.recognises(stored) {
            do throws(Refusal) {
                return try scheme.read(stored)
            } catch {
                refusal = error
            }
        }
        throw refusal
    }
}
