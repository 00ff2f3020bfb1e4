import FoundationEssentials
import Kit
import Limits
import NIOCore

/// Reads a route table from its JSON file.
///
///     { "policies": { "login": { "quota": 10, "window_seconds": 60, "kind": "strict" } },
///       "routes":  [ { "prefix": "/api/v1/auth", "service": "identity", "auth": "none", "body_limit": 65536,
///                      "timeout_seconds": 10, "limits": [ { "policy": "login", "by": "address" } ] } ],
///       "aliases": [ { "method": "POST", "path": "/auth/signup", "to": "/api/v1/auth/register" },
///                    { "method": "DELETE", "path": "/logout", "to": "/api/v1/auth/logout", "to_method": "POST" } ] }
enum RouteTableFile {
    /// What is wrong with a file, as a sentence naming the entry.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads the file at `path`.
    static func read(_ path: String, upstreams: Set<String>) throws(Fault) -> RouteTable {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw Fault(description: "the file \(path) can't be read")
        }
        return try parse(data, upstreams: upstreams)
    }

    /// Reads a table whose routes may name only `upstreams` and `gateway`.
    static func parse(_ bytes: some Sequence<UInt8>, upstreams: Set<String>) throws(Fault) -> RouteTable {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(bytes)
        } catch {
            throw Fault(description: "not JSON at byte \(error.offset): \(error.reason)")
        }
        let policies = try policies(value["policies"])
        var routes: [RouteTable.Route] = []
        for (index, entry) in entries(value["routes"]).enumerated() {
            routes.append(try route(entry, "routes[\(index)]", upstreams, policies))
        }
        var aliases: [RouteTable.Alias] = []
        for (index, entry) in entries(value["aliases"]).enumerated() {
            aliases.append(try alias(entry, "aliases[\(index)]"))
        }
        guard !routes.isEmpty else { throw Fault(description: "it has no routes") }
        return RouteTable(routes: routes, aliases: aliases)
    }

    private static func route(
        _ entry: JSONValue, _ place: String, _ upstreams: Set<String>, _ policies: [String: RatePolicy]
    ) throws(Fault) -> RouteTable.Route {
        let known = ["prefix", "service", "auth", "body_limit", "timeout_seconds", "cors", "limits", "errors"]
        try refuseUnknown(entry, place, known)
        let prefix = try text(entry, "prefix", place)
        guard RequestPath(prefix)?.path == prefix, prefix == "/" || !prefix.hasSuffix("/") else {
            throw Fault(description: "\(place).prefix must be a plain path without a slash at its end")
        }
        let service = try text(entry, "service", place)
        guard service == "gateway" || upstreams.contains(service) else {
            let names = (upstreams.sorted() + ["gateway"]).joined(separator: ", ")
            throw Fault(description: "\(place).service must be one of \(names)")
        }
        guard let authentication = RouteTable.Authentication(rawValue: entry["auth"]?.string ?? "none") else {
            throw Fault(description: "\(place).auth must be none or required")
        }
        guard
            let audience = ["named": CrossOrigin.Audience.named, "everybody": .everybody][
                entry["cors"]?.string ?? "named"]
        else {
            throw Fault(description: "\(place).cors must be named or everybody")
        }
        return RouteTable.Route(
            prefix: prefix, service: service, authentication: authentication,
            bodyLimit: try number(entry, "body_limit", place, 0...(64 << 20), otherwise: 256 << 10),
            timeout: .seconds(Int64(try number(entry, "timeout_seconds", place, 1...3600, otherwise: 10))),
            audience: audience, limits: try limits(entry["limits"], place, authentication, policies),
            speaksOAuth: entry["errors"]?.string == "oauth")
    }

    private static func policies(_ value: JSONValue?) throws(Fault) -> [String: RatePolicy] {
        guard case .object(let members)? = value else { return [:] }
        var policies: [String: RatePolicy] = [:]
        for member in members {
            let place = "policies.\(member.name)"
            try refuseUnknown(member.value, place, ["quota", "window_seconds", "burst", "kind"])
            guard
                let kind = ["strict": RatePolicy.Kind.strict, "leased": .leased][
                    member.value["kind"]?.string ?? "strict"]
            else { throw Fault(description: "\(place).kind must be strict or leased") }
            let quota = try number(member.value, "quota", place, 1...1_000_000_000, otherwise: 0)
            let window = try number(member.value, "window_seconds", place, 1...31_622_400, otherwise: 60)
            let burst =
                member.value["burst"] == nil
                ? nil : try number(member.value, "burst", place, 1...1_000_000_000, otherwise: 1)
            do throws(RatePolicy.Flaw) {
                policies[member.name] = try RatePolicy(
                    member.name, quota: quota, per: .seconds(window), burst: burst, kind: kind)
            } catch {
                throw Fault(description: "\(place) can't be: \(error)")
            }
        }
        return policies
    }

    private static func limits(
        _ value: JSONValue?, _ place: String, _ authentication: RouteTable.Authentication,
        _ policies: [String: RatePolicy]
    ) throws(Fault) -> [RouteTable.Limit] {
        var limits: [RouteTable.Limit] = []
        for (index, entry) in entries(value).enumerated() {
            let place = "\(place).limits[\(index)]"
            try refuseUnknown(entry, place, ["policy", "by"])
            guard let policy = policies[try text(entry, "policy", place)] else {
                throw Fault(
                    description: "\(place).policy must be one of \(policies.keys.sorted().joined(separator: ", "))")
            }
            guard let key = RouteTable.Limit.Key(rawValue: try text(entry, "by", place)) else {
                let keys = RouteTable.Limit.Key.allCases.map(\.rawValue).joined(separator: ", ")
                throw Fault(description: "\(place).by must be one of \(keys)")
            }
            guard !key.needsToken || authentication == .required else {
                throw Fault(description: "\(place).by is \(key.rawValue), which is known only where auth is required")
            }
            limits.append(RouteTable.Limit(policy: policy, key: key))
        }
        return limits
    }

    private static func alias(_ entry: JSONValue, _ place: String) throws(Fault) -> RouteTable.Alias {
        try refuseUnknown(entry, place, ["method", "path", "to", "to_method"])
        let method = try text(entry, "method", place)
        return RouteTable.Alias(
            method: method, path: try text(entry, "path", place), target: try text(entry, "to", place),
            targetMethod: entry["to_method"] == nil ? method : try text(entry, "to_method", place))
    }

    private static func entries(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let entries)? = value { entries } else { [] }
    }

    private static func refuseUnknown(_ entry: JSONValue, _ place: String, _ known: [String]) throws(Fault) {
        guard case .object(let members) = entry else { throw Fault(description: "\(place) must be an object") }
        if let member = members.first(where: { !known.contains($0.name) }) {
            throw Fault(description: "\(place).\(member.name) is not known; there are \(known.joined(separator: ", "))")
        }
    }

    private static func text(_ entry: JSONValue, _ name: String, _ place: String) throws(Fault) -> String {
        guard let text = entry[name]?.string, !text.isEmpty else {
            throw Fault(description: "\(place).\(name) must be a string")
        }
        return text
    }

    private static func number(
        _ entry: JSONValue, _ name: String, _ place: String, _ range: ClosedRange<Int>, otherwise: Int
    ) throws(Fault) -> Int {
        guard let value = entry[name] else { return otherwise }
        guard let number = value.integer, range.contains(number) else {
            throw Fault(
                description: "\(place).\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
