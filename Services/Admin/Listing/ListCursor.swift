import Domain
import FoundationEssentials
import HTTPTypes
import Kit

/// Where the next page of a list begins: after an id, in a list of one tenant under one filter.
///
/// Opaque outside: 32 hexadecimal digits of the id and 16 of a checksum, so that one that was cut, changed or taken from
/// another list is told apart; where the list is sorted by something else, that in hexadecimal behind them. It is no secret
/// and opens nothing: the tenant is never taken from it.
struct ListCursor: Sendable, Equatable {
    /// The last id of the page before.
    let id: UUID
    /// What the list is sorted by, of the last element of the page before; nil where that is the id.
    let key: String?

    /// A cursor after an element.
    init(after id: UUID, key: String? = nil) {
        self.id = id
        self.key = key
    }

    /// Reads what `text(_:)` wrote for the same list.
    /// - Throws: 400 `invalid_cursor` for anything else.
    init(_ text: String, list: [String]) throws(Problem) {
        let digits = Array(text.utf8)
        guard digits.count >= 48, let high = Self.number(digits[..<16]), let low = Self.number(digits[16..<32]) else {
            throw .invalidCursor
        }
        id = UUID(high: high, low: low)
        if digits.count == 48 {
            key = nil
        } else {
            let pairs = stride(from: 48, to: digits.count, by: 2).map { digits[$0..<min($0 + 2, digits.count)] }
            let bytes = pairs.compactMap { UInt8(String(decoding: $0, as: UTF8.self), radix: 16) }
            guard let key = String(validating: bytes, as: UTF8.self) else { throw .invalidCursor }
            self.key = key
        }
        guard self.text(list) == text else { throw .invalidCursor }
    }

    /// The cursor as text.
    /// - Parameter list: What tells the list from others: tenant, kind, filters.
    func text(_ list: [String]) -> String {
        let (high, low) = withUnsafeBytes(of: id.uuid) { bytes in
            (
                bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) },
                bytes[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            )
        }
        // FNV-1a, 64 bits; 0xFF is in no UTF-8 text and so keeps the parts apart.
        var checksum: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in list + [id.text] + (key.map { [$0] } ?? []) {
            for byte in Array(part.utf8) + [0xFF] { checksum = (checksum ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        return [high, low, checksum].map { Self.digits($0) }.joined() + Hexadecimal.text((key ?? "").utf8)
    }

    private static func digits(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    private static func number(_ digits: some Collection<UInt8>) -> UInt64? {
        UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}

extension Problem {
    /// 400: a cursor that this list did not give out.
    static let invalidCursor = Problem(.badRequest, "invalid_cursor", "The cursor is not one of this list")
}

/// One page of a list: its elements, and where the next page begins.
struct ListPage<Element: Sendable>: Sendable {
    let elements: [Element]
    let nextCursor: String?

    /// Cuts a page of `limit` from elements of which one more was asked for.
    init(_ elements: [Element], limit: Int, list: [String], id: (Element) -> UUID) {
        self.elements = Array(elements.prefix(limit))
        nextCursor = elements.count > limit ? self.elements.last.map { ListCursor(after: id($0)).text(list) } : nil
    }
}

/// The query of a list that has no filters.
struct ListQuery: RequestContent {
    let limit: Int
    let cursor: String?

    init(from fields: inout FieldReader) {
        limit = fields.optional("limit", .number(1...200)) ?? 50
        cursor = fields.optional("cursor", .text(1...2100))
    }
}
