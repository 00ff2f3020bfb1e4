import Domain
import Kit

/// What the fields of a role take.
enum RoleFields {
    /// As migration 0002 has it. Built-in names are refused however they are written: nobody should take the one for the
    /// other.
    static let name = FieldType<String>.text(1...64).map(placeholder: "") { text in
        guard ClientIdentifier.isOne(text), text.first?.isLetter == true else {
            return .failure(
                .init("invalid_name", "must be letters, digits, '-' and '_' of ASCII, a letter first"))
        }
        guard !BuiltinRole.reservedNames.contains(text.lowercased()) else {
            return .failure(.init("reserved_name", "must not be the name of a built-in role"))
        }
        return .success(text)
    }

    static let description = FieldType<String>.line(0...200)

    /// Whether they exist is for the database to say.
    static let permissions = FieldType<[String]>.list(
        limit: 200, "must be the name of a permission, resource:action", code: "invalid_permission", isPermission)

    /// A permission of the tenant's applications.
    static let permission = FieldType<String>.text(3...65).map(placeholder: "") { text in
        guard isPermission(text) else {
            let rule =
                "must be resource:action, each 1 to 32 of a-z, 0-9, '_', '.' and '-', a letter first"
            return .failure(.init("invalid_permission", rule))
        }
        guard !Permission.reservedResources.contains(text.prefix { $0 != ":" }) else {
            return .failure(.init("reserved_resource", "must not be of a resource that Gatehouse keeps for itself"))
        }
        return .success(text)
    }

    /// As migration 0011 has it.
    static func isPermission(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                guard (1...32).contains(part.count), let first = part.first else { return false }
                return isLetter(first) && part.allSatisfy { isLetter($0) || "0123456789_.-".utf8.contains($0) }
            }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}

/// All of what a role is to be: a new one, or one that takes the place of what was.
struct RoleContent: RequestContent {
    let name: String
    let description: String
    let permissions: [String]

    init(from fields: inout FieldReader) {
        name = fields.required("name", RoleFields.name)
        description = fields.optional("description", RoleFields.description) ?? ""
        permissions = fields.required("permissions", RoleFields.permissions).sorted()
    }
}

/// What is changed of a role.
struct RoleChange: RequestContent {
    var name: String?
    var description: String?
    var permissions: [String]?

    init(from fields: inout FieldReader) {
        name = fields.optional("name", RoleFields.name)
        description = fields.optional("description", RoleFields.description)
        permissions = fields.optional("permissions", RoleFields.permissions)?.sorted()
    }

    /// The change that replaces everything.
    init(_ content: RoleContent) {
        name = content.name
        description = content.description
        permissions = content.permissions
    }

    /// The role as it is to be.
    func applied(to role: ManagedRole) -> ManagedRole {
        var wanted = role
        if let name { wanted.name = name }
        if let description { wanted.description = description }
        if let permissions { wanted.permissions = permissions }
        return wanted
    }
}

/// A new permission of the tenant's applications.
struct NewPermission: RequestContent {
    let name: String
    let description: String

    init(from fields: inout FieldReader) {
        name = fields.required("name", RoleFields.permission)
        description = fields.optional("description", RoleFields.description) ?? ""
    }
}
