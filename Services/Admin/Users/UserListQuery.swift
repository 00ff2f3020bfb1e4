import Domain
import FoundationEssentials
import Kit
import Postgres

/// The query of a list of users: in the order they were made, with one filter or a search, or all by a name.
struct UserListQuery: RequestContent {
    /// What a list is sorted by.
    enum Order: String, CaseIterable, Sendable {
        case newest = "-created_at"
        case oldest = "created_at"
        case email
        case emailBackwards = "-email"
        case username
        case usernameBackwards = "-username"
    }

    let search: String?
    let contains: String?
    let state: String?
    let role: String?
    let order: Order
    let page: ListQuery

    init(from fields: inout FieldReader) {
        search = fields.optional("search", .line(1...254))
        // What is shorter has no trigram that the index could know.
        contains = fields.optional("contains", .line(3...254))
        state = fields.optional("state", .word(["active", "disabled"]))
        role = fields.optional("role", .line(1...64))
        order = fields.optional("sort", .word(Order.allCases.map(\.rawValue))).flatMap(Order.init) ?? .newest
        page = ListQuery(from: &fields)
        guard !fields.isDescribing else { return }
        // Each list has an index that it is read from; what would need two, or a sort of everything, is refused.
        let isSearch = search != nil || contains != nil
        if search != nil, contains != nil { fields.refuse("contains", Self.apart("search")) }
        if role != nil, isSearch || state != nil { fields.refuse("role", Self.apart("a search or a state")) }
        if order != .newest, isSearch || role != nil || state != nil {
            fields.refuse("sort", Self.apart("a search or a filter"))
        }
    }

    private static func apart(_ what: String) -> FieldFault {
        FieldFault("not_together", "can't be together with \(what)")
    }

    /// What tells the list from others.
    func list(of tenant: UUID) -> [String] {
        ["users", tenant.text, search ?? "", contains ?? "", state ?? "", role ?? "", order.rawValue]
    }

    /// Finds the page: of a search as far as the newest users fill it.
    func statement(after cursor: ListCursor?) -> PostgresStep {
        let place: [PostgresValue] = [.optional(cursor?.id), .int4(Int32(page.limit + 1))]
        let name: [PostgresValue] = [.optional(cursor?.key), .int4(Int32(page.limit + 1))]
        switch order {
        case .newest where search != nil || contains != nil:
            let words: [PostgresValue] = [.optional(search), .optional(contains), .optional(state)]
            return PostgresStep(UserListStatements.among, place + words)
        case .newest:
            if let role { return PostgresStep(UserListStatements.newestOfRole, place + [.text(role)]) }
            switch state {
            case nil: return PostgresStep(UserListStatements.newest, place)
            case "disabled": return PostgresStep(UserListStatements.newestDisabled, place)
            default: return PostgresStep(UserListStatements.newestActive, place)
            }
        case .oldest: return PostgresStep(UserListStatements.oldest, place)
        case .email: return PostgresStep(UserListStatements.byEmail, name)
        case .emailBackwards: return PostgresStep(UserListStatements.byEmailBackwards, name)
        case .username: return PostgresStep(UserListStatements.byUsername, name)
        case .usernameBackwards: return PostgresStep(UserListStatements.byUsernameBackwards, name)
        }
    }

    /// Finds the page of a search among all users; nil when this is none.
    func search(after cursor: ListCursor?) -> PostgresStep? {
        let place: [PostgresValue] = [.optional(cursor?.id), .int4(Int32(page.limit + 1))]
        if let search {
            return PostgresStep(UserListStatements.beginning, place + [.text(search), .optional(state)])
        }
        return contains.map {
            PostgresStep(UserListStatements.containing, place + [.text($0), .optional(state)])
        }
    }
}
