import Domain
import Kit

/// What a tenant's mails of a kind say; without a subject and a body what they say of themselves.
struct MailText: ResponseContent {
    let kind: MailKind
    let template: MailTemplate?

    static let example = MailText(
        kind: .verifyEmail,
        template: MailTemplate(subject: "Welcome to {{tenant}}", body: "Dear {{name}}, please open {{link}}"))

    func write(to fields: inout some FieldSink) {
        fields.field("kind", kind.rawValue)
        fields.field("subject", template?.subject)
        fields.field("body", template?.body)
        fields.field("placeholders", kind.placeholders)
    }
}

/// What all of a tenant's mails say.
struct MailTextList: ResponseContent {
    let texts: [MailText]

    static let example = MailTextList(texts: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("mail_texts", texts)
    }
}

/// A tenant's own words for a kind of mail.
struct MailTextInput: RequestContent {
    private let subject: String
    private let body: String

    init(from fields: inout FieldReader) {
        subject = fields.required("subject", .line(1...200))
        body = fields.required("body", .text(1...10_000))
    }

    /// The words as a template.
    /// - Throws: `Problem.validation` for placeholders that this kind has not, or that it can't be without.
    func template(for kind: MailKind) throws(Problem) -> MailTemplate {
        var faults: [Problem.FieldError] = []
        for (field, text, isBody) in [("subject", subject, false), ("body", body, true)] {
            if let detail = MailTemplate.fault(of: text, for: kind, isBody: isBody) {
                faults.append(.init(field: field, code: "invalid_template", detail: detail))
            }
        }
        guard faults.isEmpty else { throw .validation(faults) }
        return MailTemplate(subject: subject, body: body)
    }
}
