import Kit
import NIOCore

/// The operator's upstreams in a route table.
extension RouteTableFile {
    static func operators(
        _ value: JSONValue?, services: Set<String>, keeping known: [OperatorUpstream]
    ) throws(Fault) -> [String: OperatorUpstream] {
        guard let value else { return [:] }
        guard case .object(let members) = value else { throw Fault(description: "upstreams must be an object") }
        var upstreams: [String: OperatorUpstream] = [:]
        for member in members {
            let settings = try settings(member.name, member.value, "upstreams.\(member.name)", services)
            upstreams[member.name] = known.first { $0.settings == settings } ?? OperatorUpstream(settings)
        }
        return upstreams
    }

    private static func settings(
        _ name: String, _ entry: JSONValue, _ place: String, _ services: Set<String>
    ) throws(Fault) -> OperatorUpstream.Settings {
        guard !services.contains(name), name != "gateway", !name.isEmpty else {
            throw Fault(description: "\(place) has the name of a service of our own")
        }
        try refuseUnknown(entry, place, ["url", "urls", "connections", "connect_timeout_seconds"])
        var settings = OperatorUpstream.Settings(name: name, urls: try urls(entry, place))
        settings.connections = try number(entry, "connections", place, 1...65_535, otherwise: settings.connections)
        let timeout = try number(entry, "connect_timeout_seconds", place, 1...60, otherwise: 2)
        settings.connectTimeout = .seconds(Int64(timeout))
        return settings
    }

    private static func urls(_ entry: JSONValue, _ place: String) throws(Fault) -> [BaseURL] {
        var named: [(place: String, value: JSONValue)] = []
        switch (entry["url"], entry["urls"]) {
        case (let url?, nil): named = [("\(place).url", url)]
        case (nil, .array(let list)?) where !list.isEmpty:
            named = list.enumerated().map { ("\(place).urls[\($0.offset)]", $0.element) }
        case (nil, .some): throw Fault(description: "\(place).urls must be a list of URLs")
        default: throw Fault(description: "\(place) must have either url or urls")
        }
        var urls: [BaseURL] = []
        for (place, value) in named {
            guard let url = value.string.flatMap({ BaseURL($0) }), !url.isSecure,
                RequestPath("/base" + url.path) != nil
            else { throw Fault(description: "\(place) must be a URL such as http://10.0.0.5:9000") }
            guard url.path == (urls.first ?? url).path else {
                throw Fault(description: "\(place) must have the same path as the first one")
            }
            urls.append(url)
        }
        return urls
    }
}
