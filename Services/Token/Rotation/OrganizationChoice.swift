import Domain
import FoundationEssentials
import Kit

/// What a refresh says of the organization that the session's access tokens speak of.
enum OrganizationChoice: Sendable, Equatable {
    /// Nothing: it stays.
    case unchanged
    /// There is to be none.
    case without
    /// It is to be this one.
    case one(UUID)

    /// The one that was chosen.
    var organization: UUID? { if case .one(let id) = self { id } else { nil } }

    /// Reads the parameter: an id; `none`, or in JSON nothing at all between the quotes, for no organization. In a form a
    /// parameter without a value is as good as none (RFC 6749 §3.1).
    init?(_ text: String) {
        if text.isEmpty || text == "none" {
            self = .without
        } else if let id = UUID(canonical: text) {
            self = .one(id)
        } else {
            return nil
        }
    }
}

extension FieldType where Value == OrganizationChoice {
    /// Which organization tokens are to speak of.
    static let organization = FieldType<String>.text(0...36).map(placeholder: OrganizationChoice.unchanged) { text in
        OrganizationChoice(text).map { .success($0) }
            ?? .failure(FieldFault("invalid_organization", "must be the id of an organization, or none"))
    }
}
