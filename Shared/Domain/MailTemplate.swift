/// A tenant's own words for a kind of mail, with `{{placeholders}}`.
public struct MailTemplate: Sendable, Equatable {
    /// The subject line.
    public let subject: String
    /// The text.
    public let body: String

    /// A template.
    public init(subject: String, body: String) {
        self.subject = subject
        self.body = body
    }

    /// What is wrong with some words for a kind of mail, or nil.
    public static func fault(of text: String, for kind: MailKind, isBody: Bool) -> String? {
        let named = parts(of: text).compactMap(\.placeholder)
        if let unknown = named.first(where: { !kind.placeholders.contains($0) }) {
            let known = kind.placeholders.map { "{{\($0)}}" }.joined(separator: ", ")
            return "{{\(unknown.prefix(40))}} is no placeholder of this kind; there are \(known)"
        }
        if isBody, kind.carriesToken, !named.contains("link"), !named.contains("token") {
            return "must contain {{link}} or {{token}}, without which the mail is of no use"
        }
        if !isBody, named.contains("link") || named.contains("token") {
            return "must not contain {{link}} or {{token}}: subjects are shown where mails are not read"
        }
        return nil
    }

    /// The words with values in the place of placeholders. What stands in a value stays as it is.
    public func filled(_ values: [String: String]) -> MailTemplate {
        func fill(_ text: String) -> String {
            Self.parts(of: text).map { $0.placeholder.map { values[$0] ?? "" } ?? $0.text }.joined()
        }
        return MailTemplate(subject: fill(subject), body: fill(body))
    }

    /// A text cut where placeholders begin and end.
    private static func parts(of text: String) -> [(text: String, placeholder: String?)] {
        var parts: [(text: String, placeholder: String?)] = []
        var rest = Substring(text)
        while let start = rest.firstRange(of: "{{"), let end = rest[start.upperBound...].firstRange(of: "}}") {
            parts.append((String(rest[..<start.lowerBound]), nil))
            let name = rest[start.upperBound..<end.lowerBound].filter { $0 != " " }
            parts.append(("", String(name)))
            rest = rest[end.upperBound...]
        }
        parts.append((String(rest), nil))
        return parts
    }
}
