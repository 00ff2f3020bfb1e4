/// How users travel in files.
enum TransferFormat: String, Sendable, CaseIterable {
    /// One JSON object a line.
    case ndjson
    /// RFC 4180, the first record naming the columns.
    case csv

    var mediaType: String {
        switch self {
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv"
        }
    }

    /// What a user is made of, in the order of the columns.
    static let fields = [
        "id", "email", "email_verified", "username", "display_name", "state", "roles", "created_at", "password_hash",
    ]
}
