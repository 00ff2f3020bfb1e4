import Domain
import FoundationEssentials
import Kit

/// What a check of the audit log found.
struct AuditVerdict: ResponseContent {
    /// The first thing that does not fit.
    struct Fault: ResponseContent, Equatable {
        enum Kind: String {
            case sealMissing = "seal_missing"
            case sealChanged = "seal_changed"
            case rowsChanged = "rows_changed"
            case rowsRemoved = "rows_removed"
            case rowsInserted = "rows_inserted"
            case keyMissing = "key_missing"
        }

        let kind: Kind
        let seal: Int64
        var tenant: UUID?
        var firstPosition: Int64?
        var lastPosition: Int64?
        /// The row, where it can be told.
        var entry: UUID?
        let detail: String

        static let example = Fault(
            kind: .rowsChanged, seal: 17, tenant: AuditEntry.example.id, firstPosition: 401, lastPosition: 412,
            detail: "a row of this seal is not as it was written")

        func write(to fields: inout some FieldSink) {
            fields.field("kind", kind.rawValue)
            fields.field("seal", Int(seal))
            fields.field("tenant_id", tenant.map(\.text))
            fields.member("first_position", ifAny: firstPosition)
            fields.member("last_position", ifAny: lastPosition)
            fields.member("entry_id", ifAny: entry.map(\.text))
            fields.field("detail", detail)
        }
    }

    /// Which rows were checked: one tenant's, or all.
    let tenant: UUID?
    var fault: Fault?
    var rows = 0
    var unsealed = 0
    /// The first seal that is left of the chain.
    var firstSeal: Int64 = 0
    /// Rows before this time were dropped by retention, in microseconds since 1970.
    var droppedBefore: Int64?
    var head = AuditSealer.Head.none

    static let example = AuditVerdict(
        tenant: AuditEntry.example.id, rows: 412, unsealed: 3, firstSeal: 1,
        head: .init(number: 17, lastPosition: 412, hash: Array(0..<32), sealedAt: 1_767_225_600_000_000))

    func write(to fields: inout some FieldSink) {
        fields.field("intact", fault == nil)
        fields.field("tenant_id", tenant.map(\.text))
        fields.field("rows", rows)
        fields.field("unsealed_rows", unsealed)
        fields.field("first_seal", Int(firstSeal))
        fields.field("dropped_before", droppedBefore.map(Self.date))
        fields.field("last_seal", Int(head.number))
        fields.field("last_hash", Hexadecimal.text(head.hash))
        fields.field("last_sealed_at", head.number > 0 ? Self.date(head.sealedAt) : nil)
        fields.field("faults", fault.map { [$0] } ?? [])
    }

    static func date(_ microseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(microseconds) / 1_000_000) }
}
