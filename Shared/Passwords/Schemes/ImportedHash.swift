/// A stored hash of another system, read and found to be within the ceilings. Reading it computes nothing.
protocol ImportedHash: Sendable {
    /// Whether a stored text begins as this form does.
    static func recognises(_ stored: String) -> Bool
    /// Reads a stored text.
    /// - Throws: `Refusal` when it is malformed or asks for more than is evaluated.
    init(_ stored: String) throws(Refusal)
    /// Whether `password` made it.
    /// - Throws: `PasswordError.failed` when there is no memory to tell.
    func matches(_ password: Password) throws(PasswordError) -> Bool
}

/// A scheme that hashes nothing new: what it verifies is replaced at the next login.
struct Imported<Hash: ImportedHash>: PasswordScheme {
    func recognises(_ stored: String) -> Bool { Hash.recognises(stored) }

    func refusal(of stored: String) -> Refusal? {
        do throws(Refusal) {
            _ = try Hash(stored)
            return nil
        } catch {
            return error
        }
    }

    func matches(_ password: Password, _ stored: String) throws(PasswordError) -> Bool {
        let hash: Hash
        do throws(Refusal) {
            hash = try Hash(stored)
        } catch {
            throw .unusableHash
        }
        return try hash.matches(password)
    }

    func isOutdated(_ stored: String) -> Bool { true }
}
