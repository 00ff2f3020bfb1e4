import Domain
import FoundationEssentials
import Kit

/// What a page of the audit log is asked for.
struct AuditQuery: RequestContent {
    let tenant: UUID?
    let actor: UUID?
    let action: String?
    let targetKind: String?
    let targetID: String?
    let requestID: String?
    let from: Date?
    let until: Date?
    let page: ListQuery

    init(from fields: inout FieldReader) {
        tenant = fields.optional("tenant", .id)
        actor = fields.optional("actor_id", .id)
        action = fields.optional("action", .line(1...100))
        targetKind = fields.optional("target_type", .line(1...100))
        targetID = fields.optional("target_id", .line(1...255))
        requestID = fields.optional("request_id", .line(1...128))
        from = fields.optional("from", .time)
        until = fields.optional("to", .time)
        page = ListQuery(from: &fields)
        if (targetID == nil) != (targetKind == nil), !fields.isDescribing, !fields.hasFaults {
            let (missing, given) = targetID == nil ? ("target_id", "target_type") : ("target_type", "target_id")
            fields.refuse(missing, FieldFault("required", "must be given with \(given)"))
        }
    }

    /// What tells this list from others, for its cursors.
    func list(of tenant: UUID) -> [String] {
        let times = [from, until].map { $0.map(Timestamp.text) ?? "" }
        return [
            "audit", tenant.text, actor?.text ?? "", action ?? "", targetKind ?? "", targetID ?? "", requestID ?? "",
        ]
            + times
    }
}
