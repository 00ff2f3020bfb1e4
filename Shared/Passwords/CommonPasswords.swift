/// The passwords that are tried first. A complete list belongs in a file; these are the ones every list begins with.
enum CommonPasswords {
    /// Whether `password`, in lower case, is one of them or one of them with digits or marks added at the end.
    static func contains(_ password: String) -> Bool {
        if words.contains(password) { return true }
        let stem = password.reversed().drop { !$0.isLetter }.reversed()
        return stem.count >= 4 && password.count - stem.count <= 4 && stems.contains(String(stem))
            || Set(password).count <= 2
    }

    private static let words: Set<String> = [
        "12345678", "123456789", "1234567890", "0123456789", "87654321", "987654321", "11223344", "12341234",
        "123123123", "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "1qaz2wsx3edc", "q1w2e3r4", "qwertyuiop", "qwerty12345",
        "asdfghjkl", "asdfasdf", "zxcvbnm123", "qazwsxedc", "a1b2c3d4", "abcd1234", "abc12345", "abcdefgh", "aa123456",
        "password1", "passw0rd", "p@ssw0rd", "p@ssword", "letmein1", "trustno1", "iloveyou", "sunshine", "princess",
        "football", "baseball", "superman", "starwars", "welcome1", "whatever", "computer", "internet", "corvette",
        "mercedes", "jennifer", "michelle", "changeme", "administrator", "correcthorsebatterystaple",
    ]

    private static let stems: Set<String> = [
        "password", "passwort", "passwd", "pass", "qwerty", "qwertz", "azerty", "admin", "administrator", "welcome",
        "letmein", "login", "master", "dragon", "monkey", "shadow", "football", "baseball", "superman", "batman",
        "iloveyou", "sunshine", "princess", "secret", "changeme", "default", "guest", "test", "testtest", "root",
        "user", "hello", "freedom", "whatever", "computer", "internet", "summer", "winter", "spring", "autumn",
        "gatehouse",
    ]
}
