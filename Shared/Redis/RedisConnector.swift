import NIOCore
import NIOPosix

/// Makes a connection to a server that takes writes: hosts in turn, or the one the sentinels name.
struct RedisConnector: Sendable {
    let configuration: RedisConfiguration
    let eventLoop: any EventLoop

    /// A connection that has authenticated and is known to lead to a primary.
    func connect(
        onPush: (@Sendable (RedisValue) -> Void)? = nil
    ) -> EventLoopFuture<NIOLoopBound<RedisConnection>> {
        guard configuration.masterName != nil else {
            return firstUsable(configuration.hosts[...], onPush: onPush)
        }
        return primary(from: configuration.hosts[...]).flatMap { firstUsable([$0], onPush: onPush) }
    }

    private func firstUsable(
        _ hosts: ArraySlice<RedisConfiguration.Host>, onPush: (@Sendable (RedisValue) -> Void)?
    ) -> EventLoopFuture<NIOLoopBound<RedisConnection>> {
        guard let host = hosts.first else { return eventLoop.makeFailedFuture(RedisError.unavailable) }
        return open(host, onPush: nil).flatMap { connection in
            prepare(connection).flatMapErrorThrowing { error in
                connection.value.close()
                throw error
            }.flatMap {
                guard onPush != nil else { return eventLoop.makeSucceededFuture(connection) }
                // A connection that has subscribed answers no commands: it is opened anew, to the host now known good.
                connection.value.close()
                return open(host, onPush: onPush).map { subscriber in
                    for command in greeting { subscriber.value.push(command) }
                    return subscriber
                }
            }
        }.flatMapError { _ in firstUsable(hosts.dropFirst(), onPush: onPush) }
    }

    private func open(
        _ host: RedisConfiguration.Host, onPush: (@Sendable (RedisValue) -> Void)?
    ) -> EventLoopFuture<NIOLoopBound<RedisConnection>> {
        let handler = NIOLoopBound(
            RedisConnection(configuration: configuration, onPush: onPush), eventLoop: eventLoop)
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
            .connect(host: host.name, port: host.port)
            .map { _ in handler }
    }

    private var greeting: [RedisCommand] {
        guard let password = configuration.password else { return [] }
        let credentials: [RedisArgument] =
            configuration.username.map { [.text($0), .text(password)] } ?? [.text(password)]
        return [RedisCommand("AUTH", credentials)]
    }

    /// Authenticates, selects the database and asks for the role.
    private func prepare(_ connection: NIOLoopBound<RedisConnection>) -> EventLoopFuture<Void> {
        let deadline = NIODeadline.now() + configuration.connectTimeout
        func send(_ command: RedisCommand) -> EventLoopFuture<RedisValue> {
            let promise = eventLoop.makePromise(of: RedisValue.self)
            connection.value.send(command, deadline: deadline) { promise.complete($0) }
            return promise.futureResult
        }
        var steps = greeting.map { send($0) }
        if configuration.database != 0 {
            steps.append(send(RedisCommand("SELECT", [.integer(Int64(configuration.database))])))
        }
        let role = send(RedisCommand("ROLE")).flatMapThrowing { reply in
            guard reply.array?.first?.string == "master" else { throw RedisError.unavailable }
        }.flatMapErrorThrowing { error in
            // A user who may not ask is taken at its word; a replica will show itself by refusing a write.
            guard case RedisError.server(prefix: "NOPERM", _) = error else { throw error }
        }
        return EventLoopFuture.andAllSucceed(steps.map { $0.map { _ in } } + [role], on: eventLoop)
    }

    /// Asks the sentinels in turn where the primary is.
    private func primary(
        from sentinels: ArraySlice<RedisConfiguration.Host>
    ) -> EventLoopFuture<RedisConfiguration.Host> {
        guard let sentinel = sentinels.first, let master = configuration.masterName else {
            return eventLoop.makeFailedFuture(RedisError.unavailable)
        }
        let deadline = NIODeadline.now() + configuration.connectTimeout
        return open(sentinel, onPush: nil).flatMap { connection in
            let promise = eventLoop.makePromise(of: RedisValue.self)
            connection.value.send(
                RedisCommand("SENTINEL", ["get-master-addr-by-name", .text(master)]), deadline: deadline
            ) { promise.complete($0) }
            return promise.futureResult.flatMapThrowing { reply in
                connection.value.close()
                guard let address = reply.array, address.count == 2, let name = address[0].string,
                    let port = address[1].string.flatMap({ Int($0) })
                else { throw RedisError.unavailable }
                return RedisConfiguration.Host(name: name, port: port)
            }
        }.flatMapError { _ in primary(from: sentinels.dropFirst()) }
    }
}
