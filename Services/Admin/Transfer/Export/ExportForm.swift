import Octets
import Domain
import FoundationEssentials
import Kit
import NIOCore
import Postgres

/// A user as they are given out.
struct ExportedUser {
    let id: UUID
    let email: String?
    let isEmailVerified: Bool
    let username: String?
    let displayName: String?
    let state: String
    let roles: [String]
    let createdAt: Date
    let passwordHash: String?

    /// Reads a row of the export.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        email = try row.decode(1)
        isEmailVerified = try row.decode(2)
        username = try row.decode(3)
        displayName = try row.decode(4)
        state = try row.decode(5)
        roles = try row.decode(6)
        createdAt = try row.decode(7)
        passwordHash = try row.decode(8)
    }
}

/// How users are written.
struct ExportForm {
    private let isCSV: Bool
    private let includesHashes: Bool

    init(_ options: ExportOptions) {
        isCSV = options.format == .csv
        includesHashes = options.includesHashes
    }

    /// What stands before the first user.
    var head: String? {
        guard isCSV else { return nil }
        return CSV.record(includesHashes ? TransferFormat.fields : TransferFormat.fields.dropLast())
    }

    func write(_ user: ExportedUser, to part: inout ByteBuffer) {
        if isCSV { part.writeString(record(user)) } else { writeObject(user, to: &part) }
    }

    private func record(_ user: ExportedUser) -> String {
        var cells = [
            user.id.text, user.email ?? "", user.isEmailVerified ? "true" : "false", user.username ?? "",
            user.displayName ?? "", user.state, CSV.list(user.roles), Timestamp.text(user.createdAt),
        ]
        if user.email == nil { cells[2] = "" }
        if includesHashes { cells.append(user.passwordHash ?? "") }
        return CSV.record(cells.map(FormulaGuard.guarded))
    }

    private func writeObject(_ user: ExportedUser, to part: inout ByteBuffer) {
        var json = JSONWriter()
        json.beginObject()
        json.member("id", user.id.text)
        if let email = user.email {
            json.member("email", email)
            json.member("email_verified", user.isEmailVerified)
        }
        for (name, value) in [("username", user.username), ("display_name", user.displayName), ("state", user.state)] {
            guard let value else { continue }
            json.member(name, value)
        }
        json.member("roles", user.roles)
        json.member("created_at", user.createdAt)
        if let hash = user.passwordHash {
            json.member("password_hash", hash)
        }
        json.endObject()
        part.writeBytes(json.bytes)
        part.writeStaticString("\n")
    }
}
