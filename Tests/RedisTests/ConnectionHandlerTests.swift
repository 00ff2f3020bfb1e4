import NIOCore
import NIOEmbedded
import Testing

@testable import Redis

/// The handler on a channel in memory whose clock the test holds.
@Suite struct ConnectionHandlerTests {
    private final class Owner: ConnectionOwner {
        var answered = 0
        var expired = 0
        var closed: LinkFailure?

        func connectionAnswered(_ count: Int) { answered += count }
        func connectionExpired(_ count: Int) { expired += count }
        func connectionClosed(_ failure: LinkFailure) { closed = failure }
    }

    private final class Bench {
        let channel: EmbeddedChannel
        let handler: ConnectionHandler
        let owner = Owner()
        var replies: [Int: Reply] = [:]
        var opened: Result<[Reply], LinkFailure>?

        init(_ configure: (inout RedisConfiguration) -> Void = { _ in }) throws {
            var configuration = try RedisConfiguration(url: "redis://h")
            configure(&configuration)
            let loop = EmbeddedEventLoop()
            nonisolated(unsafe) var tell: (Result<[Reply], LinkFailure>) -> Void = { _ in }
            handler = ConnectionHandler(
                configuration, eventLoop: loop, tally: CommandTally(metrics: RedisMetrics()),
                greeting: [RedisCommand("PING")], opened: { tell($0) })
            channel = EmbeddedChannel(handler: handler, loop: loop)
            tell = { [unowned self] in opened = $0 }
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            #expect(try written() == ["*1\r\n$4\r\nPING\r\n"])
            try answer("+PONG\r\n")
            handler.serve(owner)
        }

        func submit(_ number: Int, within amount: TimeAmount = .milliseconds(100)) {
            let now = channel.embeddedEventLoop.now
            handler.submit(
                RedisCommand("GET", [RedisArgument(number)]), .closure { [unowned self] in replies[number] = $0 },
                deadline: now + amount, now: now)
        }

        func written() throws -> [String] {
            channel.embeddedEventLoop.run()
            var writes: [String] = []
            while let write = try channel.readOutbound(as: ByteBuffer.self) { writes.append(String(buffer: write)) }
            return writes
        }

        func answer(_ text: String) throws {
            try channel.writeInbound(ByteBuffer(string: text))
        }
    }

    @Test("commands of one turn of the loop share one write, and answers go to them in order")
    func coalescing() throws {
        let bench = try Bench()
        for number in 0..<100 { bench.submit(number) }
        #expect(try bench.written().count == 1)
        try bench.answer((0..<100).map { ":\($0)\r\n" }.joined())
        for number in 0..<100 { #expect(bench.replies[number] == .success(.integer(Int64(number)))) }
        #expect(bench.owner.answered == 100)
        bench.submit(100)
        #expect(try bench.written().count == 1)
    }

    @Test("a late answer goes to nobody, and the next one to the next command")
    func lateAnswer() throws {
        let bench = try Bench()
        bench.submit(1)
        bench.channel.embeddedEventLoop.advanceTime(by: .milliseconds(50))
        bench.submit(2)
        bench.channel.embeddedEventLoop.advanceTime(by: .milliseconds(50))
        #expect(bench.replies == [1: .failure(.timeout)])
        #expect(bench.owner.expired == 1)
        try bench.answer(":1\r\n:2\r\n")
        #expect(bench.replies == [1: .failure(.timeout), 2: .success(.integer(2))])
        #expect(bench.owner.answered == 1)
        #expect(bench.owner.closed == nil)
    }

    @Test("each command has its own deadline")
    func deadlines() throws {
        let bench = try Bench()
        bench.submit(1, within: .milliseconds(500))
        bench.submit(2, within: .milliseconds(10))
        bench.submit(3, within: .zero)
        #expect(bench.replies == [3: .failure(.timeout)])
        bench.channel.embeddedEventLoop.advanceTime(by: .milliseconds(10))
        #expect(bench.replies[2] == .failure(.timeout))
        bench.channel.embeddedEventLoop.advanceTime(by: .milliseconds(490))
        #expect(bench.replies[1] == .failure(.timeout))
    }

    @Test("a connection whose oldest command is unanswered for a second is given up")
    func hang() throws {
        let bench = try Bench()
        bench.submit(1)
        bench.channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
        bench.submit(2, within: .seconds(5))
        #expect(bench.owner.closed == nil)
        bench.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(bench.owner.closed == .hung)
        #expect(bench.replies == [1: .failure(.timeout), 2: .failure(.unavailable)])
        #expect(!bench.channel.isActive)
    }

    @Test("a command with a long deadline of its own is waited for")
    func patience() throws {
        let bench = try Bench()
        bench.submit(1, within: .seconds(5))
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        #expect(bench.owner.closed == nil)
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(bench.replies == [1: .failure(.timeout)])
        #expect(bench.owner.closed == .hung)
    }

    @Test("more commands than may wait are refused, and nothing of them is sent")
    func overload() throws {
        let bench = try Bench { $0.maxPending = 2 }
        for number in 1...3 { bench.submit(number) }
        #expect(bench.replies == [3: .failure(.overloaded)])
        #expect(try bench.written() == ["*2\r\n$3\r\nGET\r\n$1\r\n1\r\n*2\r\n$3\r\nGET\r\n$1\r\n2\r\n"])
    }

    @Test(
        "what is no RESP, and an answer nobody asked for, close the connection and fail those who wait",
        arguments: ["\0\0", "*2147483647\r\n", "$-5\r\n", ":1\r\n:2\r\n"])
    func violation(text: String) throws {
        let bench = try Bench()
        bench.submit(1)
        try bench.answer(text)
        let expected: Reply = text.hasPrefix(":") ? .success(.integer(1)) : .failure(.protocolViolation)
        #expect(bench.replies == [1: expected])
        #expect(bench.owner.closed == .protocolViolation)
        #expect(!bench.channel.isActive)
        bench.submit(2)
        #expect(bench.replies[2] == .failure(.unavailable))
    }

    @Test(
        "a server that turns out to be no primary is left, and its callers hear that it is unavailable",
        arguments: [("READONLY", LinkFailure.notPrimary), ("LOADING", .loading), ("MASTERDOWN", .notPrimary)])
    func leaving(prefix: String, failure: LinkFailure) throws {
        let bench = try Bench()
        bench.submit(1)
        bench.submit(2)
        try bench.answer("-\(prefix) text\r\n:2\r\n")
        #expect(bench.replies == [1: .failure(.unavailable), 2: .failure(.unavailable)])
        #expect(bench.owner.closed == failure)
    }

    @Test("commands sent from an answer's callback are sent, also when the callback comes from a loss")
    func reentrance() throws {
        let bench = try Bench()
        let now = bench.channel.embeddedEventLoop.now
        var second: Reply?
        bench.handler.submit(
            RedisCommand("A"),
            .closure { [unowned bench] _ in
                bench.handler.submit(RedisCommand("B"), .closure { second = $0 }, deadline: now + .seconds(1), now: now)
            }, deadline: now + .seconds(1), now: now)
        _ = try bench.written()
        try bench.answer(":1\r\n")
        #expect(try bench.written() == ["*1\r\n$1\r\nB\r\n"])
        bench.channel.pipeline.fireChannelInactive()
        #expect(second == .failure(.unavailable))
    }

    @Test("draining answers what was sent and then closes")
    func drain() throws {
        let bench = try Bench()
        bench.submit(1)
        var isDone = false
        bench.handler.drain { isDone = true }
        #expect(!isDone)
        try bench.answer(":1\r\n")
        #expect(isDone)
        #expect(bench.replies == [1: .success(.integer(1))])
        #expect(!bench.channel.isActive)
    }
}
