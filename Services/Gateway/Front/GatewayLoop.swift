import Directory
import Domain
import Events
import FoundationEssentials
import HTTPFields
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
    /// The field that services know this process by.
    let internalKey: HeaderBlock
    /// So few that to compare each name is quicker than to hash one.
    private let pools: [(service: String, pool: UpstreamPool)]
    private var operatorPools: [ObjectIdentifier: OperatorPool] = [:]
    private var unflushed: [any LoopFlushed] = []
    var date = HTTPDate()

    init(eventLoop: any EventLoop, environment: GatewayEnvironment) {
        self.eventLoop = eventLoop
        self.environment = environment
        self.executor = EventLoopExecutor(eventLoop)
        self.watch = CallerWatch(eventLoop: eventLoop, interval: environment.limits.interval)
        self.authenticator = EdgeAuthenticator(
            publicURL: environment.publicURL, keys: environment.keys, revocations: environment.revocations,
            tally: environment.tokenChecks.tally())
        var internalKey = HeaderBlock()
        environment.internalKey.reveal { internalKey.append(InternalHeader.key, $0) }
        self.internalKey = internalKey
        pools = environment.upstreams.map { ($0.key, $0.value.pool(on: eventLoop)) }
    }

    /// Flushes a connection at the end of the loop's turn, once for all that the turn brings.
    func flush(_ connection: any LoopFlushed) {
        guard !connection.isFlushDue else { return }
        connection.isFlushDue = true
        unflushed.append(connection)
        guard unflushed.count == 1 else { return }
        eventLoop.assumeIsolated().execute {
            // A flush may end in a write to another connection, which is for the next turn.
            let due = self.unflushed
            self.unflushed.removeAll(keepingCapacity: true)
            for connection in due {
                connection.isFlushDue = false
                connection.flush()
            }
        }
    }

    func pool(_ service: String) -> UpstreamPool? { pools.first { $0.service == service }?.pool }

    /// This loop's connections to an upstream of the operator's.
    func pool(of upstream: OperatorUpstream) -> OperatorPool {
        if let pool = operatorPools[ObjectIdentifier(upstream)] { return pool }
        let pool = OperatorPool(upstream, loop: self)
        operatorPools[ObjectIdentifier(upstream)] = pool
        return pool
    }

    /// A pool has no connection left; the next request makes another one.
    func forget(_ pool: OperatorPool) { operatorPools[ObjectIdentifier(pool.upstream)] = nil }
}

/// A connection whose writes gather until the end of its loop's turn. Lives on that loop only.
protocol LoopFlushed: AnyObject {
    var isFlushDue: Bool { get set }
    func flush()
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
    let observer: Observer
    var tokenChecks = TokenCheckMetrics()
    /// Nil where no traces are recorded.
    var tracing: Tracing?
    /// How long callers are waited for.
    var limits = FrontLimits()
    /// Whether the process was told to end: then callers are asked to take their next request elsewhere.
    var isEnding: @Sendable () -> Bool = { false }
    /// Loads the keys again when a token names one that isn't known.
    let reloadKeys: @Sendable (UUID) async -> Void
    /// Whether the revocations of the past are known: until then no token may be judged.
    let isCurrent: @Sendable () -> Bool
}
