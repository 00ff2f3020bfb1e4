import GatehouseTesting
import Kit

/// A route of the API as the gateway's document describes it.
struct DocumentedRoute {
    let id: String
    let method: String
    /// With its parameters in braces.
    let path: String
    /// What it says it asks for: a permission, or `superuser`.
    let permission: String?
    /// Whether it says that it takes an access token.
    let needsToken: Bool
    /// The media type of its body, JSON where it may be.
    let bodyType: String
    /// The schema of its JSON body, and those that it refers to.
    let bodySchema: JSONValue?
    let schemas: JSONValue?

    /// All whose paths begin like this.
    static func all(of suite: RunningSuite, below prefix: String = "/") throws -> [DocumentedRoute] {
        let document = try JSONParser.parse(suite.send("GET", "/api/v1/openapi.json").body.utf8)
        guard case .object(let paths)? = document["paths"] else { return [] }
        return paths.filter { $0.name.hasPrefix(prefix) }.flatMap { path -> [DocumentedRoute] in
            guard case .object(let operations) = path.value else { return [] }
            return operations.map {
                let (json, content) = ("application/json", $0.value["requestBody"]?["content"])
                var types: [String] = []
                if case .object(let members)? = content { types = members.map(\.name) }
                return DocumentedRoute(
                    id: $0.value["operationId"]?.string ?? "", method: $0.name.uppercased(), path: path.name,
                    permission: $0.value["x-permission"]?.string, needsToken: $0.value["security"] != nil,
                    bodyType: types.contains(json) ? json : types.first ?? json, bodySchema: content?[json]?["schema"],
                    schemas: document["components"]?["schemas"])
            }
        }
    }
}
