import Directory
import Domain
import Events
import Kit
import Limits
import Logging
import NIOCore

/// What all requests of one event loop share. Lives on that loop only.
final class GatewayLoop {
    let eventLoop: any EventLoop
    let environment: GatewayEnvironment
    let authenticator: EdgeAuthenticator
    let executor: EventLoopExecutor
    let watch: CallerWatch
    private var pools: [String: UpstreamPool] = [:]

    init(eventLoop: any EventLoop, environment: GatewayEnvironment) {
        self.eventLoop = eventLoop
        self.environment = environment
        self.executor = EventLoopExecutor(eventLoop)
        self.watch = CallerWatch(eventLoop: eventLoop, interval: environment.limits.interval)
        self.authenticator = EdgeAuthenticator(
            publicURL: environment.publicURL, keys: environment.keys, revocations: environment.revocations)
        for (name, upstream) in environment.upstreams { pools[name] = upstream.pool(on: eventLoop) }
    }

    func pool(_ service: String) -> UpstreamPool? { pools[service] }
}

/// What the whole gateway shares.
struct GatewayEnvironment: Sendable {
    let publicURL: String
    let routes: LiveRoutes
    let tenants: TenantDirectory
    let keys: KeyDirectory
    let revocations: RevocationSet
    let upstreams: [String: Upstream]
    let clientAddress: ClientAddress
    let crossOrigin: CrossOrigin
    let securityHeaders: SecurityHeaders
    let forwardAuth: ForwardAuth
    /// Nil where limits are switched off.
    let limiter: RateLimiter?
    let internalKey: InternalKey
    let identifiers: IdentifierSource
    let local: LocalPages
    let logger: Logger
    /// How long callers are waited for.
    var limits = FrontLimits()
    /// Loads the keys again when a token names one that isn't known.
    let reloadKeys: @Sendable () async -> Void
    /// Whether the revocations of the past are known: until then no token may be judged.
    let isCurrent: @Sendable () -> Bool
}
