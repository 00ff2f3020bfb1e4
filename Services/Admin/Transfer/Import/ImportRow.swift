import Octets
import Domain
import FoundationEssentials
import Kit
import NIOCore
import Passwords

/// What one row of an import says of a user. Fields that are left out stay as they are, or take their default.
struct ImportRow: RequestContent, Equatable {
    let id: UUID?
    let email: String?
    let isEmailVerified: Bool?
    let username: String?
    let displayName: String?
    let state: String?
    let roles: [String]?
    let createdAt: Date?
    let passwordHash: String?

    init(from fields: inout FieldReader) {
        id = fields.optional("id", .id)
        email = (fields.optional("email", .email) ?? nil)?.text
        isEmailVerified = fields.optional("email_verified", .flag)
        username = (fields.optional("username", .username) ?? nil)?.text
        displayName = fields.optional("display_name", .line(1...100))
        state = fields.optional("state", .word(["active", "disabled"]))
        let role = FieldType<[String]>.list(limit: 50, "must be the name of a role", code: "unknown_role") { name in
            (1...64).contains(name.utf8.count) && name != BuiltinRole.superuser && !name.utf8.contains(0)
        }
        roles = fields.optional("roles", role)
        createdAt = fields.optional("created_at", .time)
        passwordHash = fields.optional("password_hash", .passwordHash)
        guard !fields.hasFaults, !fields.isDescribing else { return }
        if id == nil, email == nil, username == nil {
            fields.refuse("email", FieldFault("required", "an e-mail address or a username must be given"))
        }
        if isEmailVerified == true, email == nil {
            fields.refuse("email_verified", FieldFault("no_email", "there is no e-mail address"))
        }
        if let createdAt, createdAt.timeIntervalSince1970 < 0 || createdAt > Date().addingTimeInterval(86_400) {
            fields.refuse("created_at", FieldFault("out_of_range", "must be between 1970 and now"))
        }
    }
}

extension FieldType where Value == String {
    /// A password as another system has stored it, in any form that is understood. Computes no hash.
    fileprivate static let passwordHash = FieldType<String>(schema: .string(), placeholder: "") { value in
        let stored: String
        switch value {
        case .string(let text): stored = text
        case .object:
            // Keycloak exports a credential as an object.
            var json = JSONWriter()
            json.value(value)
            stored = json.text
        default: return .failure(.init("wrong_type", "must be a stored hash"))
        }
        if let reason = PasswordSchemes().refusal(of: stored) {
            return .failure(.init("unusable_hash", "can't be used: its \(reason)"))
        }
        return .success(stored)
    }
}
