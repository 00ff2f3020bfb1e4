import FoundationEssentials

/// The passwords that are tried first: the few that every list of stolen passwords begins with, and the words of lists
/// that the operator names.
///
/// cracklib's own check is not used, only its word list: that check ends the process when its dictionary is missing, and
/// refuses long passphrases for their form.
public struct BlockedPasswords: Sendable {
    /// Hashes of entries in lower case. A list of a million costs 16 MB so, and two entries that hash alike in 64 bits
    /// are not to be met.
    private let entries: Set<Int>

    /// The built-in ones alone.
    public init() {
        entries = []
    }

    /// The built-in ones and those of files, one a line.
    /// - Throws: `Unreadable` naming the file.
    public init(files: [String]) throws(Unreadable) {
        var entries: Set<Int> = []
        for file in files {
            guard let data = try? Data(contentsOf: URL(filePath: file)) else { throw Unreadable(file: file) }
            for line in data.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
                entries.insert(String(decoding: line, as: UTF8.self).lowercased().hashValue)
            }
        }
        self.entries = entries
    }

    /// A word list that can't be read.
    public struct Unreadable: Error, CustomStringConvertible {
        /// Its path.
        public let file: String

        public var description: String { "\(file) can't be read" }
    }

    /// Whether `password` is one of them, in other letters, backwards, or with a few digits or marks around it.
    func contains(_ password: String) -> Bool {
        let folded = password.lowercased()
        if Set(folded).count <= 2 || Self.words.contains(folded) || Self.isSequence(folded) { return true }
        func spelled(_ text: String) -> String { String(text.map { Self.substitutes[$0] ?? $0 }) }
        // With the marks at the end taken off before and after letters are read out of digits: `passw0rd1`, `p4ss123`.
        for form in [folded, spelled(folded), spelled(Self.trimmed(folded))] {
            if isEntry(form) || isEntry(String(form.reversed())) { return true }
            let stem = Self.trimmed(form)
            // Five marks around a word are not enough to protect it; more may be.
            if stem.count >= 4, folded.count - stem.count <= 6, isEntry(stem) || Self.stems.contains(stem) {
                return true
            }
        }
        return false
    }

    private func isEntry(_ text: String) -> Bool { !entries.isEmpty && entries.contains(text.hashValue) }

    /// Whether each character follows the one before, up or down or the same: `123456789012`, `abcdefghij`.
    private static func isSequence(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let steps = Set(zip(bytes, bytes.dropFirst()).map { Int($1) - Int($0) })
        return steps.isSubset(of: [1, -9]) || steps.isSubset(of: [-1, 9])
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop { !$0.isLetter }
        return String(start.reversed().drop { !$0.isLetter }.reversed())
    }

    private static let substitutes: [Character: Character] = [
        "0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i",
    ]

    private static let words: Set<String> = [
        "1qaz@wsx", "1qazxsw2", "qwe123qwe", "asd123asd", "1234qwer", "qwer1234", "12345678", "123456789", "1234567890",
        "0123456789", "87654321", "987654321", "11223344", "12341234",
        "123123123", "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "1qaz2wsx3edc", "q1w2e3r4", "qwertyuiop", "qwerty12345",
        "asdfghjkl", "asdfasdf", "zxcvbnm123", "qazwsxedc", "a1b2c3d4", "abcd1234", "abc12345", "abcdefgh", "aa123456",
        "password1", "passw0rd", "p@ssw0rd", "p@ssword", "letmein1", "trustno1", "iloveyou", "sunshine", "princess",
        "football", "baseball", "superman", "starwars", "welcome1", "whatever", "computer", "internet", "corvette",
        "mercedes", "jennifer", "michelle", "changeme", "administrator", "correcthorsebatterystaple",
    ]

    private static let stems: Set<String> = [
        "asdf", "asdfgh", "asdfghjkl", "qwer", "qwert", "zxcv", "zxcvbn", "abcd", "abcdef", "pokemon", "nicole",
        "jessica",
        "ashley", "michael", "daniel", "charlie", "jordan", "thomas", "robert", "andrew", "joshua", "matthew", "george",
        "killer", "pepper", "ginger", "hunter", "soccer", "hockey", "ranger", "buster", "tigger", "cookie", "chelsea",
        "arsenal", "liverpool", "barcelona", "samsung", "google", "facebook", "minecraft", "naruto", "matrix",
        "mustang",
        "password", "passwort", "passwd", "pass", "qwerty", "qwertz", "azerty", "admin", "administrator", "welcome",
        "letmein", "login", "master", "dragon", "monkey", "shadow", "football", "baseball", "superman", "batman",
        "iloveyou", "sunshine", "princess", "secret", "changeme", "default", "guest", "test", "testtest", "root",
        "user", "hello", "freedom", "whatever", "computer", "internet", "summer", "winter", "spring", "autumn",
        "gatehouse",
    ]
}
