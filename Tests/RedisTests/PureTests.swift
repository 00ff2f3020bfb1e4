import NIOCore
import Testing

@testable import Redis

@Suite struct PureTests {
    @Test("the breaker opens after so many failures in a row, and an answer begins the row anew")
    func breakerOpens() {
        var breaker = CircuitBreaker(threshold: 3)
        var opened = [breaker.recordFailures(2)]
        breaker.recordAnswer()
        opened.append(breaker.recordFailures(2))
        #expect(breaker.isClosed)
        opened.append(breaker.recordFailures(1))
        #expect(!breaker.isClosed)
        opened.append(breaker.recordFailures(1))
        #expect(opened == [false, false, true, false], "it opens once")
    }

    @Test("an open breaker closes by a probe's answer only")
    func breakerCloses() {
        var breaker = CircuitBreaker(threshold: 1)
        _ = breaker.recordFailures(1)
        breaker.recordAnswer()
        #expect(!breaker.isClosed)
        breaker.beginProbe()
        #expect(!breaker.isClosed)
        breaker.probeFailed()
        #expect(!breaker.isClosed)
        breaker.beginProbe()
        breaker.reset()
        #expect(breaker.isClosed)
    }

    private static let ok = Reply.success(.simple("OK"))
    private static let primary = Reply.success(.array([.bulk(Array("master".utf8)), .integer(0), .array([])]))

    private static func error(_ text: String) -> Reply {
        .failure(RedisError(answer: text))
    }

    @Test("the greeting logs in, selects the database, names itself and asks for life and role, in this order")
    func greeting() throws {
        let full = Greeting(try RedisConfiguration(url: "redis://u:p@h/2"))
        #expect(
            full.commands == [
                RedisCommand("AUTH", ["u", "p"]), RedisCommand("SELECT", [2]),
                RedisCommand("CLIENT", ["SETNAME", "gatehouse"]), RedisCommand("PING"), RedisCommand("ROLE"),
            ])
        #expect(Greeting(try RedisConfiguration(url: "redis://:p@h")).commands.first == RedisCommand("AUTH", ["p"]))
        #expect(Greeting(try RedisConfiguration(url: "redis://h")).commands.count == 3)
    }

    @Test("the greeting's answers decide whether a server is used")
    func objections() throws {
        let greeting = Greeting(try RedisConfiguration(url: "redis://:p@h/2"))
        func objection(_ replies: [Reply]) -> LinkFailure? { greeting.objection(to: replies) }
        let (ok, primary) = (Self.ok, Self.primary)
        #expect(objection([ok, ok, ok, ok, primary]) == nil)
        let replica = Reply.success(.array([.bulk(Array("slave".utf8)), .bulk([]), .integer(1)]))
        #expect(objection([ok, ok, ok, ok, replica]) == .notPrimary)
        #expect(objection([ok, ok, ok, Self.error("LOADING Redis is loading"), primary]) == .loading)
        #expect(objection([ok, ok, ok, Self.error("MASTERDOWN link is down"), replica]) == .notPrimary)
        #expect(objection([Self.error("WRONGPASS no"), ok, ok, ok, primary]) == .loginRefused(prefix: "WRONGPASS"))
        #expect(
            objection([ok, Self.error("ERR DB index is out of range"), ok, ok, primary])
                == .greetingRefused(step: "database", prefix: "ERR"))
        #expect(objection([ok, ok, Self.error("NOPERM no"), Self.error("NOPERM no"), Self.error("NOPERM no")]) == nil)
    }

    @Test("a login that is refused is named without the server's text, which may repeat the password")
    func quietRefusal() throws {
        let greeting = Greeting(try RedisConfiguration(url: "redis://:hunter2@h"))
        let objection = greeting.objection(to: [Self.error("ERR unknown command `AUTH`, with args `hunter2`")])
        #expect(objection.map { "\($0)".contains("hunter2") } == false)
    }

    @Test("only the answer to a channel's last request says whether it is subscribed to")
    func channelRequests() {
        var requests = ChannelRequests()
        requests.sent("a")
        requests.sent("a")
        requests.sent("a")
        requests.confirmed("a", isSubscribed: true)
        requests.confirmed("a", isSubscribed: false)
        #expect(!requests.isSubscribed("a"))
        requests.confirmed("a", isSubscribed: true)
        #expect(requests.isSubscribed("a"))
        requests.confirmed("b", isSubscribed: true)
        #expect(!requests.isSubscribed("b"), "never asked for")
    }

    @Test("a sentinel's answer is an address or nothing")
    func sentinelAnswer() {
        func answer(_ parts: String...) -> Reply { .success(.array(parts.map { .bulk(Array($0.utf8)) })) }
        #expect(Connector.host(of: answer("10.0.0.1", "6379")) == .init(name: "10.0.0.1", port: 6379))
        #expect(Connector.host(of: .success(.null)) == nil)
        #expect(Connector.host(of: answer("10.0.0.1", "0")) == nil)
        #expect(Connector.host(of: answer("", "1")) == nil)
        #expect(Connector.host(of: answer("10.0.0.1")) == nil)
        #expect(Connector.host(of: nil) == nil)
    }

    @Test("connections taken together are available when one is usable and none is in trouble")
    func availability() {
        let availability = Availability()
        #expect(!availability.isAvailable)
        availability.change(from: .unused, to: .usable)
        #expect(availability.isAvailable)
        availability.change(from: .unused, to: .failing)
        #expect(!availability.isAvailable)
        availability.change(from: .failing, to: .unused)
        #expect(availability.isAvailable)
    }

    @Test("values are read as what they are")
    func values() {
        #expect(RedisValue.bulk(Array("12".utf8)).int == 12)
        #expect(RedisValue.bulk([0xFF]).string == nil)
        #expect(RedisValue.simple("OK").string == "OK")
        #expect(RedisValue.array([.null]).array == [.null])
        #expect(RedisValue.null.bytes == nil)
        #expect(RedisArgument(5) == 5)
        #expect(RedisArgument("a\(1)") == "a1")
    }
}
