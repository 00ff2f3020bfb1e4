import Octets
import Kit
import NIOCore

extension DocumentedRoute {
    /// A body that the route can read, naming a tenant's things where it names any; nil when it takes none.
    func body(_ tenant: Furnished) -> String? {
        if let known = Self.known(tenant)[id] { return known }
        guard let bodySchema else { return nil }
        var writer = JSONWriter()
        writer.value(value(bodySchema, tenant))
        return writer.text
    }

    /// Bodies with rules that span fields, and those that name things.
    private static func known(_ tenant: Furnished) -> [String: String] {
        let user = tenant.person.id
        return [
            "changeUsers": #"{"action":"lock","ids":["\#(user)"]}"#,
            "checkPermissions": #"{"permission":"users:read","subject":"\#(user)"}"#,
            "importUsers": #"{"id":"\#(user)","display_name":"Somebody"}"#,
            "makeUser": #"{"username":"\#(uniqueName())"}"#,
            "replaceUser": #"{"username":"\#(uniqueName())"}"#,
            "setUserRoles": #"{"roles":["USER"]}"#,
            "makeRole": #"{"name":"\#(uniqueName("r"))","permissions":[]}"#,
            "replaceRole": #"{"name":"\#(uniqueName("r"))","permissions":[]}"#,
            "makePermission": #"{"name":"orders:\#(uniqueName("a").prefix(20))"}"#,
            "makeTenant": #"{"slug":"\#(uniqueName("t"))","name":"x"}"#,
            "replaceMailText": #"{"subject":"x","body":"{{link}}"}"#,
            "createOrganization": #"{"slug":"\#(uniqueName("o"))","name":"x"}"#,
            "changeOrganization": #"{"name":"y"}"#,
            "inviteToOrganization": #"{"email":"\#(uniqueName())@example.com","role":"member"}"#,
            "createOrganizationRole": #"{"name":"\#(uniqueName("r"))","permissions":[]}"#,
            "transferOrganization": #"{"user":"\#(user)"}"#,
            "acceptInvitation": #"{"token":"\#(tenant.invitationToken)"}"#,
            "changeOwnUser": #"{"display_name":"Somebody"}"#,
        ]
    }

    private func value(_ schema: JSONValue, _ tenant: Furnished) -> JSONValue {
        if let reference = schema["$ref"]?.string, let name = reference.split(separator: "/").last {
            return value(schemas?[String(name)] ?? .null, tenant)
        }
        if case .array(let words)? = schema["enum"], let word = words.first { return word }
        switch schema["type"]?.string {
        case "object":
            var required: Set<String> = []
            if case .array(let names)? = schema["required"] { required = Set(names.compactMap(\.string)) }
            guard case .object(let properties)? = schema["properties"] else { return .object([]) }
            return .object(
                properties.filter { required.contains($0.name) }.map { .init($0.name, value($0.value, tenant)) })
        case "string" where schema["format"]?.string == "uuid": return .string(tenant.person.id)
        case "string": return .string("something")
        case "integer": return schema["minimum"] ?? .number("1")
        case "boolean": return .bool(true)
        case "array": return .array([])
        default: return .null
        }
    }
}
