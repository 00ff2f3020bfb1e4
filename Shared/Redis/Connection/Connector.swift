import NIOCore
import NIOPosix

/// Makes connections to a server that is a primary and answers: one of the hosts, or the one the sentinels name.
///
/// Lives on its event loop.
final class Connector {
    typealias Completion = (Result<ConnectionHandler, ConnectFailure>) -> Void
    typealias Host = RedisConfiguration.Host

    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let tally: CommandTally
    private let greeting: Greeting
    /// The host to try first: the last that was good.
    private var preferred = 0

    init(_ configuration: RedisConfiguration, eventLoop: any EventLoop, tally: CommandTally) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.tally = tally
        greeting = Greeting(configuration)
    }

    /// Tries all hosts once. Calls back later, with a connection whose owner is still to be named.
    func open(_ done: @escaping Completion) {
        if configuration.masterName == nil {
            tryHost(0, ConnectFailure(), done)
        } else {
            askSentinel(0, ConnectFailure(), done)
        }
    }

    /// The server in use has turned out to be of no use: the next attempt begins with the next.
    func moveOn() {
        preferred += 1
    }

    private func tryHost(_ offset: Int, _ soFar: ConnectFailure, _ done: @escaping Completion) {
        guard offset < configuration.hosts.count else { return done(.failure(soFar)) }
        let index = (preferred + offset) % configuration.hosts.count
        openPrimary(configuration.hosts[index]) { [self] result in
            switch result {
            case .success(let connection):
                preferred = index
                done(.success(connection))
            case .failure(let failure):
                var failures = soFar
                failures.attempts.append((configuration.hosts[index], failure))
                tryHost(offset + 1, failures, done)
            }
        }
    }

    private func askSentinel(_ offset: Int, _ soFar: ConnectFailure, _ done: @escaping Completion) {
        guard offset < configuration.hosts.count, let name = configuration.masterName else {
            return done(.failure(soFar))
        }
        let index = (preferred + offset) % configuration.hosts.count
        let sentinel = configuration.hosts[index]
        let question = RedisCommand("SENTINEL", ["get-master-addr-by-name", RedisArgument(name)])
        let login = configuration.sentinelPassword.map { [RedisCommand("AUTH", [RedisArgument($0)])] } ?? []
        dial(sentinel, saying: login + [question]) { [self] result in
            let primary = result.flatMap { connection, replies -> Result<Host, LinkFailure> in
                connection.close(.shutDown)
                for case .failure(.server(let prefix, _)) in replies where ["NOAUTH", "WRONGPASS"].contains(prefix) {
                    return .failure(.loginRefused(prefix: prefix))
                }
                return Self.host(of: replies.last).map { .success($0) } ?? .failure(.unknownPrimary)
            }
            let goOn = { (host: Host, failure: LinkFailure) in
                var failures = soFar
                failures.attempts.append((host, failure))
                self.askSentinel(offset + 1, failures, done)
            }
            switch primary {
            case .failure(let failure):
                goOn(sentinel, failure)
            case .success(let host):
                openPrimary(host) { [self] result in
                    switch result {
                    case .success(let connection):
                        preferred = index
                        done(.success(connection))
                    case .failure(let failure):
                        // Another sentinel may know better, in a failover.
                        goOn(host, failure)
                    }
                }
            }
        }
    }

    /// The answer is an array of address and port, or null for a name the sentinel does not know.
    static func host(of reply: Reply?) -> Host? {
        guard case .success(.array(let parts)) = reply, parts.count == 2, let name = parts[0].string, !name.isEmpty,
            let port = parts[1].int, 1...65535 ~= port
        else { return nil }
        return Host(name: name, port: port)
    }

    private func openPrimary(_ host: Host, _ done: @escaping (Result<ConnectionHandler, LinkFailure>) -> Void) {
        dial(host, saying: greeting.commands) { [greeting] result in
            done(
                result.flatMap { connection, replies in
                    guard let objection = greeting.objection(to: replies) else { return .success(connection) }
                    connection.close(objection)
                    return .failure(objection)
                })
        }
    }

    /// Connects, says the greeting and waits for its answers, all within the time allowed.
    private func dial(
        _ host: Host, saying greeting: [RedisCommand],
        _ done: @escaping (Result<(ConnectionHandler, [Reply]), LinkFailure>) -> Void
    ) {
        let loop = eventLoop.assumeIsolated()
        var handler: ConnectionHandler?
        var timeout: Scheduled<Void>?
        let connection = ConnectionHandler(configuration, eventLoop: eventLoop, tally: tally, greeting: greeting) {
            result in
            timeout?.cancel()
            guard let connection = handler else { return }
            handler = nil
            done(result.map { (connection, $0) })
        }
        handler = connection
        timeout = loop.scheduleTask(in: configuration.connectTimeout) { connection.close(.timedOut) }

        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(
                .writeBufferWaterMark,
                value: .init(low: configuration.maxUnsentBytes / 2, high: configuration.maxUnsentBytes)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
        let connecting: EventLoopFuture<any Channel>
        // An address needs no resolver, which costs a thread.
        if let address = try? SocketAddress(ipAddress: host.name, port: host.port) {
            connecting = bootstrap.connect(to: address)
        } else {
            connecting = bootstrap.connect(host: host.name, port: host.port)
        }
        connecting.assumeIsolated().whenFailure { connection.close(.unreachable("\($0)")) }
    }
}
