/// A login at a mail server; printing it shows no password.
public struct SMTPCredentials: Sendable, Equatable {
    let username: String
    let password: String

    /// Nil where the username is empty or one of them has a NUL in it, which can't be sent.
    public init?(username: String, password: String) {
        guard !username.isEmpty, !(username + password).utf8.contains(0) else { return nil }
        self.username = username
        self.password = password
    }
}

extension SMTPCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(username):***" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["username": username]) }
}
