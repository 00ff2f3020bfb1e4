import CoreMetrics
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Kit

/// A clock that stands until it is moved on.
private final class StandingClock: Sendable {
    private let time = NIOLockedValueBox(NIODeadline.uptimeNanoseconds(1_000_000_000_000))

    func now() -> NIODeadline { time.withLockedValue { $0 } }
    func advance(_ amount: TimeAmount) { time.withLockedValue { $0 = $0 + amount } }
}

@Suite("What is known of instances")
struct UpstreamHealthTests {
    private let clock = StandingClock()
    private let registry = PrometheusRegistry()
    private let taken = LogLines()
    private let health: UpstreamHealth
    private let addresses: [SocketAddress]

    init() throws {
        let clock = clock
        health = UpstreamHealth(
            policy: HealthPolicy(), metrics: UpstreamMetrics(upstream: "token", factory: registry),
            logger: taken.logger, clock: { clock.now() })
        addresses = try (1...5).map { try SocketAddress(ipAddress: "10.0.0.\($0)", port: 8082) }
    }

    /// Instances that are connected and ready.
    private func add(_ count: Int) {
        health.setInstances(Array(addresses.prefix(count)))
        for address in addresses.prefix(count) {
            _ = health.connected(address)
            health.answered(address, isReady: true)
        }
    }

    private func fail(_ index: Int, _ times: Int = 5) {
        for _ in 0..<times { health.failed(addresses[index], .streamReset) }
    }

    private var standings: [InstanceStanding] {
        addresses.compactMap { health.reports()[$0]?.standing }
    }

    @Test("an instance is ready once it is connected and has said so")
    func ready() {
        health.setInstances([addresses[0]])
        #expect(standings == [.unreachable])
        #expect(health.connected(addresses[0]))
        #expect(standings == [.notReady])
        health.answered(addresses[0], isReady: false)
        #expect(standings == [.notReady])
        health.answered(addresses[0], isReady: true)
        #expect(standings == [.ready])
    }

    @Test("it is reachable as long as one event loop is connected, and asked again after none was")
    func connections() {
        add(1)
        #expect(!health.connected(addresses[0]))
        health.disconnected(addresses[0])
        #expect(standings == [.ready])
        health.disconnected(addresses[0])
        #expect(standings == [.unreachable])
        #expect(health.connected(addresses[0]))
        #expect(standings == [.notReady])
    }

    @Test("failures of one eject it and leave the others", arguments: 2...5)
    func ejection(_ count: Int) {
        add(count)
        fail(1)
        #expect(standings.enumerated().allSatisfy { $1 == ($0 == 1 ? .ejected : .ready) })
    }

    @Test("at most half of the instances are ejected", arguments: zip(1...5, [0, 1, 1, 2, 2]))
    func half(_ count: Int, _ most: Int) {
        add(count)
        for index in 0..<count { fail(index, 100) }
        #expect(standings.count { $0 == .ejected } == most)
        #expect(standings.count { $0 == .ready } == count - most)
    }

    @Test("instances that can't be reached don't count for that, and are not ejected")
    func unreachable() {
        add(4)
        for index in 2...3 { health.disconnected(addresses[index]) }
        fail(3)
        fail(0)
        fail(1)
        #expect(standings == [.ejected, .ready, .unreachable, .unreachable])
        for index in 2...3 { _ = health.connected(addresses[index]) }
        #expect(standings == [.ejected, .ready, .notReady, .notReady])
    }

    @Test("one that leaves a question unanswered is not ready until it answers, unless it has answered another since")
    func silent() {
        add(2)
        clock.advance(.seconds(1))
        let asked = clock.now()
        clock.advance(.milliseconds(100))
        health.answered(addresses[0], isReady: true)
        health.leftUnanswered(addresses[0], askedAt: asked)
        #expect(standings == [.ready, .ready])
        health.leftUnanswered(addresses[0], askedAt: clock.now())
        #expect(standings == [.notReady, .ready])
        health.answered(addresses[0], isReady: true)
        #expect(standings == [.ready, .ready])
    }

    @Test("silence leaves half of the instances in use", arguments: zip(1...5, [0, 1, 1, 2, 2]))
    func silentHalf(_ count: Int, _ most: Int) {
        add(count)
        clock.advance(.seconds(1))
        for address in addresses.prefix(count) { health.leftUnanswered(address, askedAt: clock.now()) }
        #expect(standings.count { $0 == .notReady } == most)
        #expect(standings.count { $0 == .ready } == count - most)
    }

    @Test("nobody's request tries an ejected one that has left a question unanswered")
    func silentTrial() {
        add(2)
        fail(0)
        health.answered(addresses[0], isReady: true)
        clock.advance(.seconds(1))
        health.leftUnanswered(addresses[0], askedAt: clock.now())
        #expect(!health.beginTrial(addresses[0]))
        health.answered(addresses[0], isReady: true)
        #expect(health.beginTrial(addresses[0]))
    }

    @Test("when one is back, another that goes on failing takes its place")
    func turns() {
        add(2)
        fail(0)
        fail(1, 7)
        #expect(standings == [.ejected, .ready])
        clock.advance(.seconds(1))
        health.answered(addresses[0], isReady: true)
        #expect(health.beginTrial(addresses[0]))
        fail(1)
        #expect(standings == [.trial, .ready])
        health.endTrial(addresses[0], nil)
        fail(1, 1)
        #expect(standings == [.ready, .ejected])
    }

    @Test("an ejected one is tried when its pause is over and it has answered for itself, by one at a time")
    func trial() {
        add(2)
        fail(0)
        clock.advance(.seconds(5))
        #expect(health.reports()[addresses[0]]?.trialDue == .distantFuture)
        #expect(!health.beginTrial(addresses[0]), "it has not answered since")
        health.answered(addresses[0], isReady: false)
        #expect(!health.beginTrial(addresses[0]), "it says that it is not ready")
        health.answered(addresses[0], isReady: true)
        #expect(health.reports()[addresses[0]]?.trialDue ?? .distantFuture <= clock.now())
        #expect(health.beginTrial(addresses[0]))
        #expect(!health.beginTrial(addresses[0]))
        health.endTrial(addresses[0], .noAnswer)
        clock.advance(.seconds(1))
        health.answered(addresses[0], isReady: true)
        #expect(!health.beginTrial(addresses[0]), "the second pause is longer")
        clock.advance(.seconds(1))
        #expect(health.beginTrial(addresses[0]))
        health.endTrial(addresses[0], .noAnswer)
        clock.advance(.seconds(60))
        #expect(!health.beginTrial(addresses[0]), "it has not answered since")
        health.answered(addresses[0], isReady: true)
        #expect(health.beginTrial(addresses[0]))
        health.abandonTrial(addresses[0])
        #expect(health.beginTrial(addresses[0]))
        health.endTrial(addresses[0], nil)
        #expect(standings == [.ready, .ready])
    }

    @Test("one line tells that it is ejected and why, one that it is back")
    func logged() throws {
        add(2)
        fail(0, 50)
        for _ in 0..<3 {
            clock.advance(.seconds(60))
            health.answered(addresses[0], isReady: true)
            #expect(health.beginTrial(addresses[0]))
            health.endTrial(addresses[0], .noAnswer)
        }
        clock.advance(.seconds(60))
        health.answered(addresses[0], isReady: true)
        #expect(health.beginTrial(addresses[0]))
        health.endTrial(addresses[0], nil)
        let lines = taken.lines(.notice)
        #expect(lines.map(\.message) == ["upstream instance ejected", "upstream instance back in use"])
        let ejection = try #require(lines.first?.metadata)
        #expect(ejection["address"] == "10.0.0.1:8082")
        #expect(ejection["reason"] == "stream reset")
        #expect(ejection["failures_in_a_row"] == "5")
        #expect(ejection["milliseconds"] == "1000")
        #expect(lines.allSatisfy { $0.metadata["upstream"] == "token" })
    }

    @Test("the listener hears what changes a choice, and of good requests nothing")
    func listener() {
        let heard = NIOLockedValueBox(0)
        health.tell { heard.withLockedValue { $0 += 1 } }
        add(2)
        let before = heard.withLockedValue { $0 }
        for _ in 0..<100 { health.answered(addresses[0], isReady: true) }
        #expect(heard.withLockedValue { $0 } == before)
        fail(0, 1)
        #expect(heard.withLockedValue { $0 } == before + 1)
        #expect(health.reports()[addresses[0]]?.isSuspect == true)
        fail(0, 3)
        #expect(heard.withLockedValue { $0 } == before + 1)
        fail(0, 1)
        #expect(heard.withLockedValue { $0 } == before + 2)
    }

    private func samples(_ name: String) -> [Substring] {
        registry.render().split(separator: "\n").filter { $0.hasPrefix("gatehouse_upstream_\(name)") }
    }

    @Test("metrics show each instance in one state, and forget it with the instance")
    func shown() {
        add(2)
        fail(0)
        health.metrics.record(openRequests: 7, of: addresses[1])
        func sample(_ host: Int, _ state: String, _ value: Int) -> Substring {
            #"gatehouse_upstream_instance_state{address="10.0.0.\#(host):8082",state="\#(state)",upstream="token"} \#(value)"#
        }
        let states = ["ejected", "not_ready", "ready", "trial", "unreachable"]
        let first = states.map { sample(1, $0, $0 == "ejected" ? 1 : 0) }
        let second = states.map { sample(2, $0, $0 == "ready" ? 1 : 0) }
        #expect(samples("instance_state") == first + second)
        #expect(samples("ejections_total") == [#"gatehouse_upstream_ejections_total{upstream="token"} 1"#])
        #expect(
            samples("open_requests") == [
                #"gatehouse_upstream_open_requests{address="10.0.0.1:8082",upstream="token"} 0"#,
                #"gatehouse_upstream_open_requests{address="10.0.0.2:8082",upstream="token"} 7"#,
            ])
        health.setInstances([addresses[1]])
        #expect(samples("instance_state") == second)
        #expect(samples("open_requests").count == 1)
        health.failed(addresses[0], .streamReset)
        health.disconnected(addresses[0])
        #expect(samples("instance_state") == second, "what is told late of one that is gone is not heard")
        health.setInstances([addresses[0]])
        #expect(standings == [.unreachable], "one that comes again is a new one")
    }

    @Test("addresses are written as one writes them")
    func text() throws {
        #expect(try SocketAddress(ipAddress: "10.0.0.1", port: 80).text == "10.0.0.1:80")
        #expect(try SocketAddress(ipAddress: "::1", port: 8082).text == "[::1]:8082")
    }
}
