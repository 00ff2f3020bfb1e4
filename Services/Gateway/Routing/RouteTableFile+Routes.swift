import Kit
import NIOCore

/// The routes of a route table.
extension RouteTableFile {
    private static let members = [
        "prefix", "method", "service", "auth", "body_limit", "timeout_seconds", "cors", "limits", "errors",
    ]
    /// What a route can be for. `HEAD` goes with `GET`, and `OPTIONS` with what a page asks about.
    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    /// Those of routes to the operator's upstreams besides.
    private static let operatorMembers = ["roles", "scopes", "strip_prefix", "websocket", "host", "authorization"]

    func route(_ entry: JSONValue, _ place: String) throws(Fault) -> RouteTable.Route {
        try Self.refuseUnknown(entry, place, Self.members + Self.operatorMembers)
        let prefix = try Self.text(entry, "prefix", place)
        guard RequestPath(prefix)?.path == prefix, prefix == "/" || !prefix.hasSuffix("/") else {
            throw Fault(description: "\(place).prefix must be a plain path without a slash at its end")
        }
        guard PathPattern(prefix) != nil || !prefix.contains(where: { "{}".contains($0) }) else {
            throw Fault(description: "\(place).prefix may hold one {placeholder}, which is a segment of letters")
        }
        let method = entry["method"] == nil ? nil : try Self.text(entry, "method", place)
        guard method.map(Self.methods.contains) != false else {
            throw Fault(description: "\(place).method must be one of \(Self.methods.joined(separator: ", "))")
        }
        let service = try Self.text(entry, "service", place)
        guard service == "gateway" || services.contains(service) || operators[service] != nil else {
            let names = (services.sorted() + ["gateway"] + operators.keys.sorted()).joined(separator: ", ")
            throw Fault(description: "\(place).service must be one of \(names)")
        }
        guard let authentication = RouteTable.Authentication(rawValue: entry["auth"]?.string ?? "none") else {
            throw Fault(description: "\(place).auth must be none, optional or required")
        }
        guard
            let audience = ["named": CrossOrigin.Audience.named, "everybody": .everybody][
                entry["cors"]?.string ?? "named"]
        else {
            throw Fault(description: "\(place).cors must be named or everybody")
        }
        let rules = try rules(entry, place, prefix, service, authentication)
        let silence = rules?.takesWebSockets == true ? 60 : 10
        return RouteTable.Route(
            prefix: prefix, method: method, service: service, authentication: authentication,
            bodyLimit: try Self.number(
                entry, "body_limit", place, 0...(rules == nil ? 64 << 20 : 1 << 40), otherwise: 256 << 10),
            timeout: .seconds(Int64(try Self.number(entry, "timeout_seconds", place, 1...3600, otherwise: silence))),
            audience: audience, limits: try limits(entry["limits"], place, authentication),
            speaksOAuth: entry["errors"]?.string == "oauth", operated: rules)
    }

    /// Nil for a service of our own, of which no such thing may be said.
    private func rules(
        _ entry: JSONValue, _ place: String, _ prefix: String, _ service: String,
        _ authentication: RouteTable.Authentication
    ) throws(Fault) -> OperatorRules? {
        guard let upstream = operators[service] else {
            if let member = Self.operatorMembers.first(where: { entry[$0] != nil }) {
                throw Fault(description: "\(place).\(member) is only for routes to the table's upstreams")
            }
            guard authentication != .optional else {
                throw Fault(description: "\(place).auth can be optional only for routes to the table's upstreams")
            }
            return nil
        }
        var rules = OperatorRules(upstream: upstream)
        rules.requirements.roles = try Self.words(entry, "roles", place)
        rules.requirements.scopes = try Self.words(entry, "scopes", place)
        for member in ["roles", "scopes"] where entry[member] != nil && authentication != .required {
            throw Fault(description: "\(place).\(member) are of the token, so auth must be required")
        }
        rules.stripsPrefix = try Self.flag(entry, "strip_prefix", place)
        guard !rules.stripsPrefix || !prefix.contains("{") else {
            throw Fault(description: "\(place).strip_prefix can't be where the prefix holds a placeholder")
        }
        rules.takesWebSockets = try Self.flag(entry, "websocket", place)
        rules.keepsHost = try Self.isSaid(entry, "host", "keep", place)
        rules.keepsAuthorization = try Self.isSaid(entry, "authorization", "keep", place)
        return rules
    }
}
