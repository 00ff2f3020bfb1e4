public import Domain
import FoundationEssentials
import Glibc
public import HTTP2
import HummingbirdCore
public import Logging
import Metrics
import NIOCore
public import NIOPosix
public import Postgres
public import Redis
public import ServiceLifecycle
import UnixSignals

/// What a process has at hand while it is put together.
public struct ProcessContext: Sendable {
    /// Its settings.
    public let values: ConfigurationValues
    /// Its logger.
    public let logger: Logger
    /// Its event loops.
    public let eventLoopGroup: MultiThreadedEventLoopGroup
    /// Its database client.
    public let postgres: PostgresClient
    /// Its Redis client.
    public let redis: RedisClient
    /// The secret between processes.
    public let internalKey: InternalKey
    /// How HTTP/2 behaves between processes.
    public let http2: HTTP2Configuration
    /// Its metrics, for values that are asked for when they are read.
    public let metrics: PrometheusRegistry
    /// The recording of traces, where there is any.
    public let tracing: Tracing?
    /// Whether it was told to end.
    public let shutdown = ShutdownNotice()

    /// Where the events of all processes are followed: the loop that their hints arrive on.
    public var eventExecutor: any TaskExecutor { EventLoopExecutor(redis.subscriptionLoop) }

    /// A client of another process.
    /// - Parameters:
    ///   - streams: Whether answers are passed on as they come, of any length, so that none waits here.
    ///   - limit: Requests that one event loop has open at one instance at most.
    public func upstream(
        _ name: String, _ addresses: [HostPort], streams: Bool = false, limit: Int? = nil
    ) async throws -> Upstream {
        var configuration = http2
        if let limit { configuration.maxConcurrentStreams = limit }
        if streams {
            configuration.maxBodySize = .max
            configuration.initialWindowSize = 256 << 10
        }
        return try await Upstream(
            name: name, addresses: addresses, configuration: configuration, eventLoopGroup: eventLoopGroup,
            logger: logger)
    }
}

/// What a process is made of beside the stores.
public struct ProcessParts: Sendable {
    /// The routes it answers on its port.
    public var endpoints: [Operation]
    /// What runs beside the server, in order of start.
    public var services: [any Service]
    /// What readiness asks beside the stores.
    public var checks: [Health.Check]
    /// What must have succeeded before it is ready; tried again until it does.
    public var prepare: @Sendable () async throws -> Void
    /// Whether a token that the gateway accepted was revoked, as far as this process has heard.
    public var isRevoked: @Sendable (RevocableToken) -> Bool
    /// How long it goes on as before after readiness has turned red.
    public var shutdownDelay: Duration
    /// Another server, which shuts down before all else: the gateway's public port.
    public var front: (@Sendable (Health, OpsEndpoints) -> any Service)?

    /// The parts of a process.
    public init(
        endpoints: [Operation], services: [any Service] = [], checks: [Health.Check] = [],
        isRevoked: @escaping @Sendable (RevocableToken) -> Bool = { _ in false }, shutdownDelay: Duration = .zero,
        front: (@Sendable (Health, OpsEndpoints) -> any Service)? = nil,
        prepare: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.endpoints = endpoints
        self.services = services
        self.checks = checks
        self.isRevoked = isRevoked
        self.shutdownDelay = shutdownDelay
        self.front = front
        self.prepare = prepare
    }
}

/// Runs a process from its settings to its last log line.
public struct ServiceProcess: Sendable {
    private let name: String
    private let port: Setting<Int>
    private let settings: [any SettingDeclaration]
    private let commands: [ProcessCommand]
    private let build: @Sendable (ProcessContext) async throws -> ProcessParts

    /// A process.
    /// - Parameters:
    ///   - name: The service's name in logs, metrics and health.
    ///   - port: The setting of the port it answers processes and probes on.
    ///   - settings: Its settings beside the common ones.
    ///   - commands: What it can do beside running as a service.
    ///   - build: Puts it together.
    public init(
        name: String, port: Setting<Int>, settings: [any SettingDeclaration], commands: [ProcessCommand] = [],
        build: @escaping @Sendable (ProcessContext) async throws -> ProcessParts
    ) {
        self.name = name
        self.port = port
        self.settings = CommonSettings.all + TraceSettings.all + [port] + settings
        self.commands = commands
        self.build = build
    }

    /// Runs until SIGTERM or SIGINT, then exits: 0 after an orderly end, 78 when settings need attention, else 1.
    public func main() async -> Never {
        // Before anybody asks for an event loop.
        NIOSingletons.groupLoopCountSuggestion = Cores.available
        do {
            // What needs no settings works without any.
            switch CommandLine.arguments.dropFirst().first {
            case "--settings": print(SettingsTable.markdown(settings))
            case "--version": print("gatehouse-\(name) \(Version.current)")
            default: try await command(try await ConfigurationReader.load().read(settings))
            }
            exit(0)
        } catch let problems as ConfigurationProblems {
            fail("gatehouse-\(name): \(problems)", code: EX_CONFIG)
        } catch {
            fail("gatehouse-\(name): \(error)", code: 1)
        }
    }

    private func command(_ values: ConfigurationValues) async throws {
        switch CommandLine.arguments.dropFirst().first {
        case nil:
            try await run(values)
        case "--probe":
            let probe = CommandLine.arguments.dropFirst(2).first ?? "readiness"
            let answer = await LocalCall(host: values[CommonSettings.host], port: values[port])
                .send("GET", "/health/\(probe)")
            exit(answer?.status == 200 ? 0 : 1)
        case "--log-level":
            let command = LogLevelCommand(
                process: LocalCall(host: values[CommonSettings.host], port: values[port]),
                key: InternalKey(values[CommonSettings.internalKey].reveal()))
            let (text, code) = await command.run(Array(CommandLine.arguments.dropFirst(2)))
            if code == 0 { print(text) } else { fail("gatehouse-\(name): \(text)", code: code) }
        case "--print-configuration":
            print(values.effective)
        case .some(let word):
            if let command = commands.first(where: { $0.name == word }) {
                exit(try await run(command, values))
            }
            let known =
                ["--probe NAME", "--log-level [LEVEL [TIME]]", "--print-configuration", "--settings"]
                + commands.map(\.name)
            fail(
                "gatehouse-\(name): \(word) is not known; there are \(known.joined(separator: ", ")) and --version",
                code: EX_USAGE)
        }
    }

    /// Runs a command with the stores at hand, and nothing else of the process.
    private func run(_ command: ProcessCommand, _ values: ConfigurationValues) async throws -> Int32 {
        let context = try ProcessContext(
            values, name: name, logger: Logger(label: "gatehouse.\(name)", factory: { _ in SwiftLogNoOpLogHandler() }),
            metrics: PrometheusRegistry())
        return try await withThrowingTaskGroup(of: Int32?.self) { group in
            group.addTask {
                try await context.postgres.run()
                return nil
            }
            group.addTask {
                try await context.postgres.ping(deadline: .now() + .seconds(10))
                return try await command.body(context, Array(CommandLine.arguments.dropFirst(2)))
            }
            while let ended = try await group.next() {
                group.cancelAll()
                if let ended { return ended }
            }
            return 1
        }
    }

    private func fail(_ message: String, code: Int32) -> Never {
        FileHandleText.standardError(message + "\n")
        exit(code)
    }

    private func run(_ values: ConfigurationValues) async throws {
        let output = LoggingBootstrap.start(
            service: name, format: values[CommonSettings.logFormat], level: values[CommonSettings.logLevel])
        defer { LoggingBootstrap.flush() }
        let registry = PrometheusRegistry(service: name, version: Version.current)
        MetricsSystem.bootstrap(registry)
        let logger = Logger(label: "gatehouse.\(name)")
        for warning in values.warnings { logger.warning("\(warning)") }

        let context = try ProcessContext(values, name: name, logger: logger, metrics: registry)
        let parts = try await build(context)
        let checks =
            [
                StoreChecks.postgres(context.postgres), SchemaCheck().check(context.postgres),
                StoreChecks.redis(context.redis),
            ] + parts.checks
        let health = Health(
            service: name, version: Version.current, environment: values[CommonSettings.environment].rawValue,
            checks: checks)
        let ops = OpsEndpoints(health: health, metrics: registry)
        let logLevel = LogLevelControl(output: output, eventLoop: context.eventLoopGroup.any(), logger: logger)
        let responder = ServiceResponder(
            endpoints: parts.endpoints + LogLevelEndpoints(control: logLevel).endpoints, ops: ops,
            internalKey: context.internalKey, logger: logger,
            isRevoked: parts.isRevoked, lookUpRoles: HeldRoles.lookUp(in: context.postgres),
            recorder: context.tracing?.recorder)
        let server = Server(
            childChannelSetup: ServiceChannel(responder: responder, configuration: context.http2) {
                health.hasStarted
            },
            configuration: .init(address: .hostname(values[CommonSettings.host], port: values[port])),
            eventLoopGroup: context.eventLoopGroup, logger: logger)

        // Shutdown goes the other way: first the doors close and what is inside is finished, the stores go last.
        var services: [any Service] = context.tracing.map { [$0] } ?? []
        services += [context.postgres, context.redis] + parts.services
        services.append(Preparation(health: health, logger: logger, prepare: parts.prepare))
        services.append(ListeningServer(server: server, port: values[port], setting: port.name))
        if let front = parts.front { services.append(front(health, ops)) }
        services.append(DrainMarker(health: health, notice: context.shutdown, delay: parts.shutdownDelay))
        var configuration = ServiceGroupConfiguration(
            services: services.map {
                .init(service: $0, successTerminationBehavior: .ignore, failureTerminationBehavior: .cancelGroup)
            }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        logger.info("starting", metadata: ["version": "\(Version.current)", "port": "\(values[port])"])
        try await ServiceGroup(configuration: configuration).run()
        logger.info("stopped")
    }
}

extension ProcessContext {
    init(_ values: ConfigurationValues, name: String, logger: Logger, metrics: PrometheusRegistry) throws {
        self.values = values
        self.metrics = metrics
        tracing = try TraceSettings.tracing(values, service: name, metrics: TraceMetrics(), logger: logger)
        self.logger = logger
        eventLoopGroup = .singleton
        let database = PostgresConfiguration(
            connectionString: values[CommonSettings.databaseURL],
            password: values[CommonSettings.databasePassword]?.reveal(),
            connections: values[CommonSettings.databaseConnections], applicationName: "gatehouse-\(name)")
        do throws(PostgresError) {
            try database.validate()
        } catch {
            let reason = if case .invalidConfiguration(let reason) = error { reason } else { "\(error)" }
            throw ConfigurationProblems([ConfigurationProblem(CommonSettings.databaseURL.name, reason)])
        }
        postgres = PostgresClient(configuration: database, logger: logger)
        redis = RedisClient(
            configuration: try RedisSettings.configuration(values),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        internalKey = InternalKey(values[CommonSettings.internalKey].reveal())
        var http2 = HTTP2Configuration()
        http2.maxConcurrentStreams = 1000
        // These connections are between our own processes and carry everybody's requests: that one caller gives up
        // often must not end the others'. The public door has limits of its own.
        http2.maxResets = .max
        http2.maxControlFramesPerSecond = .max
        http2.maxBodySize = 256 << 10
        http2.namesToTell = InternalHeader.unindexed
        self.http2 = http2
    }
}
