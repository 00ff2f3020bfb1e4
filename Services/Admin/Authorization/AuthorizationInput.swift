import Domain
import FoundationEssentials
import Kit

/// One question: whether somebody holds a permission.
struct PermissionCheck: RequestContent {
    let permission: String
    /// Nil for the caller.
    let subject: UUID?

    init(from fields: inout FieldReader) {
        permission = fields.required("permission", .text(1...100))
        subject = fields.optional("subject", .id)
    }
}

/// One question by itself, or several as a list.
struct AuthorizationInput: RequestContent {
    let checks: [PermissionCheck]

    init(from fields: inout FieldReader) {
        let permission = fields.optional("permission", .text(1...100))
        let subject = fields.optional("subject", .id)
        let several = fields.optional("checks", .objects(PermissionCheck.self, limit: 100))
        if !fields.isDescribing, !fields.hasFaults, (permission == nil) == (several?.isEmpty ?? true) {
            fields.refuse("permission", FieldFault("required", "either permission or checks must be given"))
        }
        checks = several ?? permission.map { [PermissionCheck(permission: $0, subject: subject)] } ?? []
    }
}

extension PermissionCheck {
    init(permission: String, subject: UUID?) {
        self.permission = permission
        self.subject = subject
    }
}

/// The answer to one question.
struct CheckedPermission: ResponseContent {
    let permission: String
    let subject: UUID
    let isAllowed: Bool

    static let example = CheckedPermission(
        permission: "orders:read", subject: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071),
        isAllowed: true)

    func write(to fields: inout some FieldSink) {
        fields.field("permission", permission)
        fields.field("subject", subject)
        fields.field("allowed", isAllowed)
    }
}

/// The answers, in the order of the questions.
struct AuthorizationAnswer: ResponseContent {
    let results: [CheckedPermission]

    static let example = AuthorizationAnswer(results: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("allowed", results.allSatisfy(\.isAllowed))
        fields.field("results", results)
    }
}
