import FoundationEssentials
import Kit

/// Where the next page of the audit log begins: after a row, by its time and id. Opaque outside: 16 hexadecimal digits of
/// the time before a `ListCursor`, whose checksum is over both.
struct AuditCursor: Sendable, Equatable {
    /// Microseconds since 1970.
    let microseconds: Int64
    let id: UUID

    /// A cursor after a row.
    init(after entry: AuditEntry) {
        microseconds = entry.microseconds
        id = entry.id
    }

    /// Reads what `text(_:)` wrote for the same list.
    /// - Throws: 400 `invalid_cursor` for anything else.
    init(_ text: String, list: [String]) throws(Problem) {
        let digits = text.utf8.prefix(16)
        guard digits.count == 16, let number = UInt64(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw .invalidCursor
        }
        microseconds = Int64(bitPattern: number)
        id = try ListCursor(
            String(decoding: text.utf8.dropFirst(16), as: UTF8.self), list: list + [String(microseconds)]
        ).id
        guard self.text(list) == text else { throw .invalidCursor }
    }

    /// The cursor as text.
    func text(_ list: [String]) -> String {
        let digits = String(UInt64(bitPattern: microseconds), radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
            + ListCursor(after: id).text(list + [String(microseconds)])
    }
}
