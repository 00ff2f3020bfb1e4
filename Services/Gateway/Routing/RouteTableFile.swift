import FoundationEssentials
import Kit
import Limits

/// Reads a route table from its JSON file.
///
///     { "policies":  { "login": { "quota": 10, "window_seconds": 60, "kind": "strict" } },
///       "upstreams": { "orders": { "url": "http://10.0.0.5:9000" } },
///       "routes":    [ { "prefix": "/api/v1/auth", "service": "identity", "auth": "none", "body_limit": 65536,
///                        "timeout_seconds": 10, "limits": [ { "policy": "login", "by": "address" } ] },
///                      { "prefix": "/orders", "service": "orders", "auth": "required", "roles": [ "CLERK" ] } ],
///       "aliases":   [ { "method": "POST", "path": "/auth/signup", "to": "/api/v1/auth/register" },
///                      { "method": "DELETE", "path": "/logout", "to": "/api/v1/auth/logout", "to_method": "POST" } ] }
struct RouteTableFile {
    /// What is wrong with a file, as a sentence naming the entry.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// Our own services.
    let services: Set<String>
    let policies: [String: RatePolicy]
    /// The operator's upstreams.
    let operators: [String: OperatorUpstream]

    /// Reads the file at `path`.
    static func read(
        _ path: String, services: Set<String>, keeping known: [OperatorUpstream] = []
    ) throws(Fault) -> RouteTable {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw Fault(description: "the file \(path) can't be read")
        }
        return try parse(data, services: services, keeping: known)
    }

    /// Reads a table whose routes may name `services`, `gateway`, and the upstreams of the table itself.
    /// - Parameter known: Upstreams of the table before: those that are the same are taken over with their connections.
    static func parse(
        _ bytes: some Sequence<UInt8>, services: Set<String>, keeping known: [OperatorUpstream] = []
    ) throws(Fault) -> RouteTable {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(bytes)
        } catch {
            throw Fault(description: "not JSON at byte \(error.offset): \(error.reason)")
        }
        let file = RouteTableFile(
            services: services, policies: try policies(value["policies"]),
            operators: try operators(value["upstreams"], services: services, keeping: known))
        var routes: [RouteTable.Route] = []
        for (index, entry) in entries(value["routes"]).enumerated() {
            routes.append(try file.route(entry, "routes[\(index)]"))
        }
        var aliases: [RouteTable.Alias] = []
        for (index, entry) in entries(value["aliases"]).enumerated() {
            aliases.append(try alias(entry, "aliases[\(index)]"))
        }
        guard !routes.isEmpty else { throw Fault(description: "it has no routes") }
        return RouteTable(routes: routes, aliases: aliases, operators: Array(file.operators.values))
    }

    private static func alias(_ entry: JSONValue, _ place: String) throws(Fault) -> RouteTable.Alias {
        try refuseUnknown(entry, place, ["method", "path", "to", "to_method"])
        let method = try text(entry, "method", place)
        return RouteTable.Alias(
            method: method, path: try text(entry, "path", place), target: try text(entry, "to", place),
            targetMethod: entry["to_method"] == nil ? method : try text(entry, "to_method", place))
    }
}
