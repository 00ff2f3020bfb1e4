import Limits
import Octets

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

    /// Another name for a path, kept for clients of older deployments. A class, since each request is compared with those
    /// that have placeholders.
    final class Alias: Sendable {
        let method: String
        /// May hold placeholders in braces, each one segment.
        let path: String
        /// The path it stands for, with the same placeholders.
        let target: String
        /// The method it stands for.
        let targetMethod: String
        /// How many segments it has.
        fileprivate let depth: Int

        init(method: String, path: String, target: String, targetMethod: String) {
            self.method = method
            self.path = path
            self.target = target
            self.targetMethod = targetMethod
            depth = RouteTable.depth(of: path)
        }
    }

    /// The operator's own upstreams.
    let operators: [OperatorUpstream]
    /// The routes of each prefix without a placeholder, those for one method first.
    private let routes: [String: [Route]]
    /// How many segments the longest prefix has.
    private let depth: Int
    /// Those of prefixes with one.
    private let patternRoutes: [(pattern: PathPattern, route: Route)]
    /// By path.
    private let plainAliases: [String: [Alias]]
    /// Those with placeholders, and what of the path stands before the first.
    private let patternAliases: [(beginning: String, alias: Alias)]

    /// A table; of two routes with the same prefix and method, the first counts.
    init(routes: [Route], aliases: [Alias], operators: [OperatorUpstream] = []) {
        self.operators = operators
        let ordered = routes.filter { $0.method != nil } + routes.filter { $0.method == nil }
        self.routes = Dictionary(grouping: ordered, by: \.prefix)
        patternRoutes = ordered.compactMap { route in PathPattern(route.prefix).map { ($0, route) } }
        depth = ordered.map { Self.depth(of: $0.prefix) }.max() ?? 0
        let isPattern = { (alias: Alias) in alias.path.utf8.contains(UInt8(ascii: "{")) }
        patternAliases = aliases.filter(isPattern).map { (String($0.path.prefix { $0 != "{" }), $0) }
        plainAliases = Dictionary(grouping: aliases.filter { !isPattern($0) }, by: \.path)
    }

    /// The upstreams it names.
    var services: Set<String> { Set(routes.values.joined().map(\.service)) }

    /// The route of a path for a method: that of the path itself, or else of the nearest one above it. `/` is not above
    /// others.
    func route(_ path: String, method: String) -> Route? {
        var end = reach(of: path)
        while true {
            let prefix = end == path.endIndex ? path : String(path[..<end])
            if let route = route(of: prefix, method) { return route }
            guard let slash = path.utf8[..<end].lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else {
                return nil
            }
            end = slash
        }
    }

    /// Where the segments end that a prefix may have. A path may have thousands, and each that was looked at would be
    /// as much work as the path is long.
    private func reach(of path: String) -> String.Index {
        path.withBytes { bytes in
            var rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
            for _ in 0..<depth { rest = rest.cut(at: UInt8(ascii: "/")).behind }
            return rest.isEmpty
                ? path.endIndex : path.utf8.index(path.startIndex, offsetBy: bytes.count - rest.count - 1)
        }
    }

    /// The route of exactly that path.
    private func route(of path: String, _ method: String) -> Route? {
        let takes = { (route: Route) in route.method == nil || route.method == method }
        if let route = routes[path]?.first(where: takes) { return route }
        return patternRoutes.first { takes($0.route) && $0.pattern.matches(path) }?.route
    }

    /// The method and path that these are another name for.
    func resolve(alias path: String, method: String) -> (method: String, path: String)? {
        if let alias = plainAliases[path]?.first(where: { $0.method == method }) {
            return (alias.targetMethod, alias.target)
        }
        for (beginning, alias) in patternAliases where path.begins(with: beginning) {
            guard alias.method == method, alias.depth == Self.depth(of: path) else { continue }
            if let values = Self.match(alias.path, path) {
                return (alias.targetMethod, Self.fill(alias.target, values))
            }
        }
        return nil
    }

    fileprivate static func depth(of path: String) -> Int { path.utf8.count { $0 == UInt8(ascii: "/") } }

    private static func match(_ template: String, _ path: String) -> [Substring: Substring]? {
        let (expected, actual) = (template.words(between: "/"), path.words(between: "/"))
        guard expected.count == actual.count else { return nil }
        var values: [Substring: Substring] = [:]
        for (segment, value) in zip(expected, actual) {
            if segment.hasPrefix("{") { values[segment] = value } else if segment != value { return nil }
        }
        return values
    }

    private static func fill(_ template: String, _ values: [Substring: Substring]) -> String {
        "/" + template.words(between: "/").map { values[$0] ?? $0 }.joined(separator: "/")
    }
}
