import Directory
import Domain
import Events
import FoundationEssentials
import Kit
import Limits
import ServiceLifecycle

await ServiceProcess(name: "gateway", port: GatewaySettings.opsPort, settings: GatewaySettings.all) { context in
    let values = context.values
    let tenants = TenantDirectory(postgres: context.postgres)
    let keys = KeyDirectory(postgres: context.postgres)
    let revocations = RevocationSet(lifetime: TenantSettings.longestAccessTokenLifetime)
    let origins = OriginDirectory(postgres: context.postgres)
    let originRefresher = DirectoryRefresher([.clientChanged, .tenantChanged], logger: context.logger) {
        try await origins.load($0)
    }
    let tenantRefresher = DirectoryRefresher([.tenantChanged], logger: context.logger) { try await tenants.load($0) }
    let keyRefresher = DirectoryRefresher([.keysChanged, .tenantChanged], logger: context.logger) {
        try await keys.load($0)
    }
    let eventCodec = EndedSessionCodec(key: context.internalKey.derive(EndedSessionCodec.purpose))
    let feed = EventFeed(
        postgres: context.postgres, redis: context.redis, codec: eventCodec,
        lookback: TenantSettings.longestAccessTokenLifetime, logger: context.logger,
        handlers: [revocations.apply, tenantRefresher.apply, keyRefresher.apply, originRefresher.apply],
        forgettings: [
            revocations.forgetEpochs, tenantRefresher.request, keyRefresher.request, originRefresher.request,
        ], executor: context.eventExecutor)

    let limit = values[GatewaySettings.upstreamRequests]
    let identity = try await context.upstream(
        "identity", values[GatewaySettings.identity], streams: true, limit: limit)
    let token = try await context.upstream("token", values[GatewaySettings.token], streams: true, limit: limit)
    let admin = try await context.upstream("admin", values[GatewaySettings.admin], streams: true, limit: limit)
    let upstreams = [identity, token, admin]
    let clients = upstreams.map { (name: $0.name, client: InternalClient(upstream: $0, key: context.internalKey)) }
    let routes = try LiveRoutes(
        values[GatewaySettings.routes], services: Set(upstreams.map(\.name)), logger: context.logger)
    var limits = RateLimiterConfiguration()
    limits.gateways = values[GatewaySettings.gateways]
    let limiter =
        values[GatewaySettings.rateLimits] == .off
        ? nil : RateLimiter(redis: context.redis, configuration: limits, logger: context.logger)
    let publicURL = values[CommonSettings.publicURL].text
    let health = AggregatedHealth(services: clients)
    var environment = GatewayEnvironment(
        publicURL: publicURL, routes: routes,
        tenants: tenants, keys: keys, revocations: revocations,
        upstreams: Dictionary(uniqueKeysWithValues: upstreams.map { ($0.name, $0) }),
        clientAddress: ClientAddress(
            proxies: values[GatewaySettings.trustedProxies], source: values[GatewaySettings.proxyHeader]),
        crossOrigin: CrossOrigin(everywhere: Set(values[GatewaySettings.origins]), origins: origins),
        securityHeaders: SecurityHeaders(
            values[GatewaySettings.securityHeaders], isSecure: values[CommonSettings.publicURL].isSecure),
        forwardAuth: ForwardAuth(
            loginURL: values[GatewaySettings.loginURL],
            returnHosts: Set(values[GatewaySettings.returnHosts].map { $0.lowercased() })),
        limiter: limiter, internalKey: context.internalKey, identifiers: IdentifierSource(),
        local: LocalPages(
            documentation: Documentation(
                publicURL: publicURL, assets: values[GatewaySettings.docsAssets], clients: clients.map(\.client)),
            health: health),
        logger: context.logger,
        observer: Observer(log: values[GatewaySettings.accessLog] == .on ? LoggingBootstrap.accessLog : nil),
        isEnding: { context.shutdown.isGiven }, reloadKeys: { try? await keys.load(.tenants([$0])) },
        isCurrent: { feed.isCurrent })
    environment.tracing = context.tracing
    environment.tokenChecks.show(in: context.metrics)
    context.metrics.observeGauge("gatehouse_revocations") { Double(revocations.count) }
    let loops = try await GatewayLoops(context.eventLoopGroup, environment)
    let certificates = try PublicDoors.certificates(values, context.logger)

    return ProcessParts(
        endpoints: [],
        services: [tenantRefresher, keyRefresher, originRefresher, feed, routes, OperatorResolver(routes: routes)]
            + upstreams
            + (limiter.map { [$0] } ?? []) + (certificates.map { [$0] } ?? []),
        checks: upstreams.map { upstream in
            Health.Check(upstream.name) {
                await upstream.isReachable() ? .ok : .degraded("no instance can be reached")
            }
        } + [
            Health.Check("limits") {
                limiter?.isDegraded == true ? .degraded("Redis is away, limits are counted here alone") : .ok
            },
            Health.Check("events") { feed.isCurrent ? .ok : .down("the revocations of the past are not read yet") },
        ],
        shutdownDelay: values[GatewaySettings.shutdownDelay],
        front: { _, ops in
            health.use(ops)
            return PublicDoors(loops, values, certificates, context.eventLoopGroup, context.logger)
        },
        prepare: {
            try await tenants.load()
            try await keys.load()
            try await origins.load()
            guard feed.isCurrent else { throw NotYet(reason: "events are not read yet") }
            for upstream in upstreams where await !upstream.isReachable() {
                throw NotYet(reason: "no instance of \(upstream.name) can be reached")
            }
        })
}.main()
