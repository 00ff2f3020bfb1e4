import NIOCore
import GatehouseTesting
import Kit
import Testing

/// A route as the OpenAPI document has it: tests made from these leave out none that is added later.
struct APIRoute {
    let id: String
    let method: String
    let path: String
    let permission: String?
    /// Whether it asks for an access token.
    let isGuarded: Bool
    private let schema: JSONValue?
    private let schemas: JSONValue?

    /// Whether only superusers may call it.
    var isSuperusers: Bool { permission == "superuser" }

    /// Every route of the running suite.
    static func all(_ suite: RunningSuite) throws -> [APIRoute] {
        let document = try JSONParser.parse(suite.send("GET", "/api/v1/openapi.json").body.utf8)
        guard case .object(let paths)? = document["paths"] else { return [] }
        return paths.flatMap { path -> [APIRoute] in
            guard case .object(let operations) = path.value else { return [] }
            return operations.compactMap { operation in
                guard let id = operation.value["operationId"]?.string else { return nil }
                let security: Bool
                if case .array(let schemes)? = operation.value["security"] {
                    security = !schemes.isEmpty
                } else {
                    security = false
                }
                return APIRoute(
                    id: id, method: operation.name.uppercased(), path: path.name,
                    permission: operation.value["x-permission"]?.string, isGuarded: security,
                    schema: operation.value["requestBody"]?["content"]?["application/json"]?["schema"],
                    schemas: document["components"]?["schemas"])
            }
        }
    }

    /// A body that the route can read, naming a tenant's things where it names any; nil when it takes none.
    func body(_ tenant: Furnished) -> String? {
        guard let schema else { return nil }
        if let known = Self.known(tenant)[id] { return known }
        var writer = JSONWriter()
        writer.value(value(schema, tenant))
        return String(buffer: writer.buffer)
    }

    /// Bodies with rules that span fields, and those that name things.
    private static func known(_ tenant: Furnished) -> [String: String] {
        let user = tenant.person.id
        return [
            "changeUsers": #"{"action":"lock","ids":["\#(user)"]}"#,
            "checkPermissions": #"{"permission":"users:read","subject":"\#(user)"}"#,
            "makeUser": #"{"username":"\#(uniqueName())"}"#,
            "replaceUser": #"{"username":"\#(uniqueName())"}"#,
            "setUserRoles": #"{"roles":["USER"]}"#,
            "makeRole": #"{"name":"\#(uniqueName("r"))","permissions":[]}"#,
            "replaceRole": #"{"name":"\#(uniqueName("r"))","permissions":[]}"#,
            "makePermission": #"{"name":"orders:\#(uniqueName("a").prefix(20))"}"#,
            "makeTenant": #"{"slug":"\#(uniqueName("t"))","name":"x"}"#,
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
