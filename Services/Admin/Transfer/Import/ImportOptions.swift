import FoundationEssentials
import Kit

/// What becomes of rows whose user is there already.
enum ConflictPolicy: String, Sendable, CaseIterable {
    /// They fail.
    case fail
    /// They are passed over.
    case skip
    /// The user takes on what the row says.
    case update
}

/// How an import goes.
struct ImportOptions: RequestContent {
    /// Names it, so that it can go on after it was cut off.
    let id: UUID?
    let isDryRun: Bool
    let onConflict: ConflictPolicy

    init(from fields: inout FieldReader) {
        id = fields.optional("id", .id)
        isDryRun = fields.optional("dry_run", .flag) ?? false
        let word = fields.optional("on_conflict", .word(ConflictPolicy.allCases.map(\.rawValue)))
        onConflict = word.flatMap { ConflictPolicy(rawValue: $0) } ?? .fail
    }
}
