/// One form of stored hash. Adding one is a file beside this and a line in `PasswordSchemes`.
protocol PasswordScheme: Sendable {
    /// Whether a stored hash is of this form.
    func recognises(_ stored: String) -> Bool
    /// Whether `password` made the stored hash.
    /// - Throws: `PasswordError.unusableHash` when it can't be read or costs more than is evaluated.
    func matches(_ password: Password, _ stored: String) throws(PasswordError) -> Bool
    /// Whether a hash that matched should be replaced by one of the present parameters.
    func isOutdated(_ stored: String) -> Bool
}

/// The forms that are understood.
struct PasswordSchemes: Sendable {
    let preferred: Argon2id
    var all: [any PasswordScheme] { [preferred] }

    func scheme(of stored: String) throws(PasswordError) -> any PasswordScheme {
        guard let scheme = all.first(where: { $0.recognises(stored) }) else { throw .unusableHash }
        return scheme
    }
}
