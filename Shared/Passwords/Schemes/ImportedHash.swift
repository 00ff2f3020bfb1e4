/// A stored hash of another system. It is always replaced.
protocol ImportedHash: StoredHash {
    /// Whether a stored text begins as this form does.
    static func recognises(_ stored: String) -> Bool
    /// Reads a stored text.
    /// - Throws: `Refusal` when it is malformed or asks for more than is evaluated.
    init(_ stored: String) throws(Refusal)
}

extension ImportedHash {
    var isOutdated: Bool { true }
}

/// A scheme that hashes nothing new: what it verifies is replaced at the next login.
struct Imported<Hash: ImportedHash>: PasswordScheme {
    func recognises(_ stored: String) -> Bool { Hash.recognises(stored) }

    func read(_ stored: String) throws(Refusal) -> any StoredHash { try Hash(stored) }
}
