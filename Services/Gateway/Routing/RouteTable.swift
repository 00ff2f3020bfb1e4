import Limits
import NIOCore

/// Where requests go and what is asked of them on the way.
struct RouteTable: Sendable, Equatable {
    /// Whether a route needs an access token.
    enum Authentication: String, Sendable, Equatable {
        /// A token is neither needed nor looked at.
        case none
        /// A token must be there and good.
        case required
    }

    /// What happens to the requests of one prefix.
    struct Route: Sendable, Equatable {
        /// The path itself and everything below it.
        var prefix: String
        /// The upstream, or `gateway` for what it answers itself.
        var service: String
        var authentication: Authentication
        /// Bytes.
        var bodyLimit: Int
        var timeout: TimeAmount
        /// Whose pages may read its answers.
        var audience = CrossOrigin.Audience.named
        /// How often who may ask.
        var limits: [Limit] = []
        /// Whether refusals look as RFC 6749 wants them.
        var speaksOAuth = false
    }

    /// A policy, and whom it counts.
    struct Limit: Sendable, Equatable {
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

    private let routes: [Route]
    private let aliases: [Alias]

    /// A table; of two prefixes that match, the longer counts.
    init(routes: [Route], aliases: [Alias]) {
        self.routes = routes.sorted { $0.prefix.utf8.count > $1.prefix.utf8.count }
        self.aliases = aliases
    }

    /// The upstreams it names.
    var services: Set<String> { Set(routes.map(\.service)) }

    /// The route of a path.
    func route(_ path: String) -> Route? {
        for route in routes where path.utf8.starts(with: route.prefix.utf8) {
            let length = route.prefix.utf8.count
            if path.utf8.count == length || route.prefix == "/" && path == "/" { return route }
            if route.prefix != "/", path.utf8.dropFirst(length).first == UInt8(ascii: "/") { return route }
        }
        return nil
    }

    /// The method and path that these are another name for.
    func resolve(alias path: String, method: String) -> (method: String, path: String)? {
        guard !aliases.isEmpty else { return nil }
        for alias in aliases where alias.method == method {
            if let values = Self.match(alias.path, path) {
                return (alias.targetMethod, Self.fill(alias.target, values))
            }
        }
        return nil
    }

    private static func match(_ template: String, _ path: String) -> [Substring: Substring]? {
        guard template.utf8.contains(UInt8(ascii: "{")) else { return template == path ? [:] : nil }
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
