import Directory
import Domain
import Events
import Glibc
import HTTP2
import Kit
import Logging
import NIOCore
import NIOPosix
import Postgres
import Testing
import Tokens

@testable import Gateway

/// A gateway's public port before a `BulkService`, all in this process.
final class TestFront: Sendable {
    let port: Int
    let service: BulkService
    let revocations = RevocationSet(lifetime: .seconds(60))
    let routes: LiveRoutes
    /// Another instance of the service, which has a fault; where one was asked for.
    let faulty: BulkService?
    private let channel: any Channel
    private let upstreams: Task<Void, any Error>

    /// - Parameters:
    ///   - bodyLimit: Bytes that a request's body may have.
    ///   - timeout: Of the route.
    ///   - limits: Of callers.
    ///   - certificates: With them it speaks TLS.
    ///   - operated: Routes to upstreams of the operator's, at these.
    ///   - fault: Of another instance of the service, beside the good one.
    ///   - isEnding: Whether the process was told to end.
    init(
        bodyLimit: Int = .max, timeout: TimeAmount = .seconds(10), limits: FrontLimits = FrontLimits(),
        certificates: CertificateStore? = nil, operated: [RouteTable.Route] = [], fault: BulkService.Fault? = nil,
        isEnding: Bool = false
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let service = try await BulkService()
        let faulty: BulkService? = if let fault { try await BulkService(fault) } else { nil }
        var configuration = HTTP2Configuration()
        configuration.maxBodySize = .max
        configuration.maxConcurrentStreams = 1000
        configuration.initialWindowSize = 256 << 10
        let upstream = try await Upstream(
            name: "bulk",
            addresses: [service, faulty].compactMap { $0 }.map { HostPort(host: "127.0.0.1", port: $0.port) },
            configuration: configuration, eventLoopGroup: group, logger: logger)
        // Never connected: what is asked of it stands in memory.
        let postgres = PostgresClient(configuration: .init(connectionString: "", applicationName: ""), logger: logger)
        let tenant = Tenant(
            id: DefaultTenant.id, slug: "default", name: "Default", isActive: true, settings: TenantSettings())
        let operators = operated.compactMap(\.operated?.upstream)
        await OperatorResolver.resolve(operators)
        routes = LiveRoutes(
            RouteTable(
                routes: [
                    .init(prefix: "/", service: "gateway", authentication: .none, bodyLimit: 0, timeout: timeout),
                    .init(
                        prefix: "/bulk", service: "bulk", authentication: .none, bodyLimit: bodyLimit,
                        timeout: timeout),
                    .init(
                        prefix: "/closed", service: "bulk", authentication: .required, bodyLimit: bodyLimit,
                        timeout: timeout),
                ] + operated, aliases: [], operators: operators))
        let environment = GatewayEnvironment(
            publicURL: TestToken.issuer, routes: routes,
            tenants: TenantDirectory(postgres: postgres, tenants: [tenant]),
            keys: KeyDirectory(postgres: postgres, keys: [DefaultTenant.id: [TestToken.key.verificationKey]]),
            revocations: revocations, upstreams: ["bulk": upstream],
            clientAddress: ClientAddress(proxies: [], source: .xForwardedFor),
            crossOrigin: CrossOrigin(everywhere: [], origins: OriginDirectory(postgres: postgres)),
            securityHeaders: SecurityHeaders(.strict, isSecure: false),
            forwardAuth: ForwardAuth(loginURL: nil, returnHosts: []), limiter: nil,
            internalKey: InternalKey("key"), identifiers: IdentifierSource(),
            local: LocalPages(
                documentation: Documentation(publicURL: "http://localhost", assets: nil, clients: []),
                health: AggregatedHealth(services: [])),
            logger: logger, observer: Observer(log: nil), limits: limits, isEnding: { isEnding },
            reloadKeys: { _ in }, isCurrent: { true })
        let front = GatewayChannel(
            loops: try await GatewayLoops(group, environment), certificates: certificates, takesPlainHTTP2: true)
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { front.setup(channel: $0, logger: logger).map { _ in } }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.service = service
        self.faulty = faulty
        upstreams = Task { try await upstream.run() }
        while await !upstream.isReachable() { try await Task.sleep(for: .milliseconds(10)) }
    }

    func stop() async {
        upstreams.cancel()
        try? await channel.close()
        await service.stop()
        await faulty?.stop()
    }
}

/// Tests of the public port, one after the other: they measure memory and time.
@Suite("The public port", .serialized)
struct FrontTests {}

/// Waits without leaving the thread, so that other tests don't make it longer.
func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }

/// Runs a test on a front of its own.
func withFront(
    bodyLimit: Int = .max, timeout: TimeAmount = .seconds(10), limits: FrontLimits = FrontLimits(),
    certificates: CertificateStore? = nil, operated: [RouteTable.Route] = [], fault: BulkService.Fault? = nil,
    isEnding: Bool = false, _ body: (TestFront) async throws -> Void
) async throws {
    let front = try await TestFront(
        bodyLimit: bodyLimit, timeout: timeout, limits: limits, certificates: certificates, operated: operated,
        fault: fault, isEnding: isEnding)
    do {
        try await body(front)
    } catch {
        await front.stop()
        throw error
    }
    await front.stop()
}
