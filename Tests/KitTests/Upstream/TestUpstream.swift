import HTTP2
import HTTPTypes
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Kit

/// Instances, and an upstream that knows them.
final class TestUpstream: Sendable {
    let instances: [TestInstance]
    let upstream: Upstream
    let registry = PrometheusRegistry()
    let client: InternalClient
    private let task: Task<Void, any Error>

    /// - Parameters:
    ///   - behaviours: How each instance behaves.
    ///   - others: Where further instances are.
    ///   - limit: Requests open at one at most, for each event loop.
    ///   - adjust: How they are judged; without it they are asked ten times a second.
    init(
        _ behaviours: [TestInstance.Behaviour], others: [HostPort] = [], limit: Int = 1000,
        keepalive: TimeAmount = .seconds(5), adjust: (inout HealthPolicy) -> Void = { _ in }
    ) async throws {
        var instances: [TestInstance] = []
        for behaviour in behaviours { instances.append(try await TestInstance(behaviour)) }
        self.instances = instances
        var configuration = HTTP2Configuration()
        configuration.maxConcurrentStreams = limit
        configuration.keepalive = keepalive
        configuration.maxResets = .max
        configuration.maxControlFramesPerSecond = .max
        var policy = HealthPolicy()
        policy.interval = .milliseconds(100)
        adjust(&policy)
        let upstream = try await Upstream(
            name: "test", addresses: instances.map(\.address) + others, configuration: configuration,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, policy: policy, metrics: registry)
        self.upstream = upstream
        client = InternalClient(upstream: upstream, key: InternalKey("key"))
        task = Task { try await upstream.run() }
    }

    /// How an instance stands.
    func standing(_ index: Int) -> InstanceStanding? {
        upstream.standings.first { $0.key.port == instances[index].address.port }?.value
    }

    /// Waits until an instance stands so.
    func until(_ index: Int, is standing: InstanceStanding) async throws {
        while self.standing(index) != standing { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// Waits until every event loop has heard how the instances stand: each has done what it was given before.
    func settle() async throws {
        for eventLoop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try await eventLoop.submit {}.get() }
    }

    /// Sends requests one after the other on several tasks; returns what failed.
    func load(
        _ method: HTTPRequest.Method = .post, tasks: Int = 8, requests: Int = 50, timeout: TimeAmount = .seconds(20)
    ) async -> [InternalClient.Failure] {
        await withTaskGroup(of: [InternalClient.Failure].self) { group in
            for _ in 0..<tasks {
                group.addTask {
                    var failures: [InternalClient.Failure] = []
                    for _ in 0..<requests {
                        do throws(InternalClient.Failure) {
                            _ = try await self.client.send(
                                method, "/", body: nil, for: .process("test"), timeout: timeout)
                        } catch {
                            failures.append(error)
                        }
                    }
                    return failures
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Sends requests until each of these instances has had so many more; none fails.
    func loadUntil(_ indices: Range<Int>, have requests: Int) async {
        let before = instances.map(\.counts.requests)
        while indices.contains(where: { instances[$0].counts.requests < before[$0] + requests }) {
            #expect(await load().isEmpty)
        }
    }

    /// The value of a series of the upstream's metrics.
    func metric(_ name: String) -> Int? {
        let line = registry.render().split(separator: "\n").first { $0.hasPrefix("gatehouse_upstream_\(name)") }
        return line?.split(separator: " ").last.flatMap { Int($0) }
    }

    func stop() async {
        task.cancel()
        _ = await task.result
        for instance in instances { await instance.stop() }
    }
}

/// Runs a test on instances of its own, all of which are ready.
func withUpstream(
    _ behaviours: [TestInstance.Behaviour], others: [HostPort] = [], limit: Int = 1000,
    keepalive: TimeAmount = .seconds(5), adjust: (inout HealthPolicy) -> Void = { _ in },
    _ body: (TestUpstream) async throws -> Void
) async throws {
    let upstream = try await TestUpstream(
        behaviours, others: others, limit: limit, keepalive: keepalive, adjust: adjust)
    do {
        for index in behaviours.indices { try await upstream.until(index, is: .ready) }
        try await body(upstream)
    } catch {
        await upstream.stop()
        throw error
    }
    await upstream.stop()
}
