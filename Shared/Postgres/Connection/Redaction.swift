/// Takes secrets out of libpq's messages before they reach a log or a caller.
struct Redaction: Sendable {
    private let secrets: [String]

    init(secrets: [String]) {
        // Longest first: a password inside a connection string must not break the match of the whole.
        self.secrets = secrets.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
    }

    /// The message on one line, without secrets.
    func apply(_ message: String) -> String {
        var result = message
        for secret in secrets { result = result.replacing(secret, with: "***") }
        return result.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
