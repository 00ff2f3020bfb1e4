import Limits

/// Where requests go and what is asked of them on the way.
struct RouteTable: Sendable {
    /// Whether a route needs an access token.
    enum Authentication: String, Sendable {
        /// A token is neither needed nor looked at.
        case none
        /// A token that is there must be good.
        case optional
        /// A token must be there and good.
        case required
    }

    /// A policy, and whom it counts.
    struct Limit: Sendable {
        /// What requests are told apart by.
        enum Key: String, Sendable, CaseIterable {
            /// The caller's address: all of IPv4, the /64 of IPv6.
            case address
            /// The tenant.
            case tenant
            /// The user or client that the access token speaks of.
            case subject
            /// The client that the access token was issued to.
            case client

            /// Whether it is known only once the token is.
            var needsToken: Bool { self == .subject || self == .client }
        }

        let policy: RatePolicy
        let key: Key
    }

    /// Another name for a path, kept for clients of older deployments.
    struct Alias: Sendable, Equatable {
        var method: String
        /// May hold placeholders in braces, each one segment.
        var path: String
        /// The path it stands for, with the same placeholders.
        var target: String
        /// The method it stands for.
        var targetMethod: String
    }

    /// The operator's own upstreams.
    let operators: [OperatorUpstream]
    private let routes: [String: Route]
    /// By path.
    private let plainAliases: [String: [Alias]]
    /// Those with placeholders, and what of the path stands before the first.
    private let patternAliases: [(beginning: String, alias: Alias)]

    /// A table; of two prefixes that match, the longer counts.
    init(routes: [Route], aliases: [Alias], operators: [OperatorUpstream] = []) {
        self.operators = operators
        self.routes = Dictionary(routes.map { ($0.prefix, $0) }, uniquingKeysWith: { first, _ in first })
        let isPattern = { (alias: Alias) in alias.path.utf8.contains(UInt8(ascii: "{")) }
        patternAliases = aliases.filter(isPattern).map { (String($0.path.prefix { $0 != "{" }), $0) }
        plainAliases = Dictionary(grouping: aliases.filter { !isPattern($0) }, by: \.path)
    }

    /// The upstreams it names.
    var services: Set<String> { Set(routes.values.map(\.service)) }

    /// The route of a path: that of the path itself, or else of the nearest one above it. `/` is not above others.
    func route(_ path: String) -> Route? {
        if let route = routes[path] { return route }
        var end = path.utf8.endIndex
        while let slash = path.utf8[..<end].lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
            if let route = routes[String(path[..<slash])] { return route }
            end = slash
        }
        return nil
    }

    /// The method and path that these are another name for.
    func resolve(alias path: String, method: String) -> (method: String, path: String)? {
        if let alias = plainAliases[path]?.first(where: { $0.method == method }) {
            return (alias.targetMethod, alias.target)
        }
        for (beginning, alias) in patternAliases where path.utf8.starts(with: beginning.utf8) {
            guard alias.method == method else { continue }
            if let values = Self.match(alias.path, path) {
                return (alias.targetMethod, Self.fill(alias.target, values))
            }
        }
        return nil
    }

    private static func match(_ template: String, _ path: String) -> [Substring: Substring]? {
        let (expected, actual) = (template.split(separator: "/"), path.split(separator: "/"))
        guard expected.count == actual.count else { return nil }
        var values: [Substring: Substring] = [:]
        for (segment, value) in zip(expected, actual) {
            if segment.hasPrefix("{") { values[segment] = value } else if segment != value { return nil }
        }
        return values
    }

    private static func fill(_ template: String, _ values: [Substring: Substring]) -> String {
        "/" + template.split(separator: "/").map { values[$0] ?? $0 }.joined(separator: "/")
    }
}
