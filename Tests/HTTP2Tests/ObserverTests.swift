import CNghttp2
import HTTPFields
import NIOCore
import NIOEmbedded
import Testing

@testable import HTTP2

/// Notes what it hears.
private final class Observer: HTTP2ClientObserver {
    private(set) var heard: [String] = []

    func opened(_ stream: HTTP2StreamID) { heard.append("opened") }
    func answered(_ stream: HTTP2StreamID, after time: TimeAmount) { heard.append("answered") }
    func ended(_ stream: HTTP2StreamID, _ ending: HTTP2StreamEnding) { heard.append("\(ending)") }
    func lost(requests: Int) { heard.append("lost \(requests)") }
}

@Suite("What is heard of a connection's requests")
struct ObserverTests {
    private let observer = Observer()

    private func wire(_ adjust: (inout HTTP2Configuration) -> Void = { _ in }) throws -> Wire {
        try Wire(observer: observer, adjust)
    }

    @Test("an answer, with or without a body")
    func answered() throws {
        let wire = try wire()
        _ = try wire.open()
        try wire.carry()
        wire.delegate.answer = { connection, stream in
            var head = HeaderBlock()
            head.append(":status", "503")
            connection.respond(head, body: nil, on: stream)
        }
        _ = try wire.open()
        try wire.carry()
        #expect(observer.heard == ["opened", "answered", "answered", "opened", "answered", "answered"])
    }

    @Test("a stream that is reset before its answer, or in the middle of it")
    func reset() throws {
        let wire = try wire()
        wire.delegate.answer = { connection, stream in connection.reset(stream, code: 2) }
        _ = try wire.open()
        try wire.carry()
        wire.delegate.answer = { connection, stream in
            var head = HeaderBlock()
            head.append(":status", "200")
            connection.respondHead(head, on: stream)
        }
        let (_, stream) = try wire.open()
        try wire.carry()
        wire.server.reset(stream, code: 7)
        try wire.carry()
        #expect(
            observer.heard == ["opened", "failed(HTTP2.HTTP2StreamError.reset(code: 2))", "opened", "answered"]
                + ["failed(HTTP2.HTTP2StreamError.refused)"])
    }

    @Test("requests that are given up, for either reason")
    func givenUp() throws {
        let wire = try wire()
        wire.delegate.answer = { _, _ in }
        let (first, second) = (try wire.open().stream, try wire.open().stream)
        try wire.carry()
        wire.client.cancel(first)
        wire.client.expire(second)
        wire.client.expire(second)
        try wire.carry()
        #expect(observer.heard == ["opened", "opened", "cancelled", "expired"])
        #expect(wire.delegate.aborted.count == 2)
    }

    @Test("a connection that is lost tells of all its requests once, and before they are told")
    func lost() throws {
        let wire = try wire()
        wire.delegate.answer = { _, _ in }
        let receivers = [try wire.open().receiver, try wire.open().receiver]
        try wire.carry()
        receivers[0].whenFailed = { #expect(observer.heard.last == "lost 2") }
        wire.clientChannel.pipeline.fireChannelInactive()
        #expect(receivers.allSatisfy { $0.failure == .connectionClosed })
        #expect(observer.heard == ["opened", "opened", "lost 2"])
    }

    @Test("which errors mean that the peer broke down")
    func breakdown() {
        #expect(HTTP2StreamError.connectionClosed.isBreakdown)
        #expect(HTTP2StreamError.reset(code: 2).isBreakdown)
        for code in [0, 1, 3, 7, 8, 11] as [UInt32] { #expect(!HTTP2StreamError.reset(code: code).isBreakdown) }
        #expect(!HTTP2StreamError.bodyTooLarge.isBreakdown)
        #expect(!HTTP2StreamError.refused.isBreakdown)
    }

    // Silence

    @Test("a connection takes requests only when the peer has spoken")
    func firstWord() throws {
        let channel = EmbeddedChannel()
        var states: [HTTP2ClientConnection.State] = []
        let client = HTTP2ClientConnection(configuration: HTTP2Configuration()) { states.append($0) }
        try channel.pipeline.syncOperations.addHandler(client)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        #expect(!client.canOpenStream)
        #expect(states.isEmpty)
        // An empty SETTINGS frame.
        try channel.writeInbound(ByteBuffer(bytes: [0, 0, 0, 4, 0, 0, 0, 0, 0]))
        #expect(client.canOpenStream)
        #expect(states == [.ready])
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test("a peer that never says anything is given up")
    func neverSpoke() throws {
        let channel = EmbeddedChannel()
        var states: [HTTP2ClientConnection.State] = []
        let client = HTTP2ClientConnection(configuration: HTTP2Configuration()) { states.append($0) }
        try channel.pipeline.syncOperations.addHandler(client)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(5999))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
        #expect(states == [.closed])
    }

    @Test("a silent peer is asked, and given up with its requests")
    func silence() throws {
        let wire = try wire { $0.keepalive = .seconds(5) }
        wire.delegate.answer = { _, _ in }
        let (receiver, _) = try wire.open()
        try wire.carry()
        let loop = wire.clientChannel.embeddedEventLoop
        func written() throws -> Int { try wire.clientChannel.readOutbound(as: ByteBuffer.self)?.readableBytes ?? 0 }
        loop.advanceTime(by: .milliseconds(1999))
        #expect(try written() == 0)
        loop.advanceTime(by: .milliseconds(1))
        #expect(try written() == 17, "a PING")
        loop.advanceTime(by: .milliseconds(3999))
        #expect(try written() == 0, "it is asked once")
        #expect(wire.clientChannel.isActive)
        #expect(receiver.failure == nil)
        loop.advanceTime(by: .milliseconds(1))
        #expect(!wire.clientChannel.isActive)
        #expect(receiver.failure == .connectionClosed)
    }

    @Test("any sign of life ends the silence")
    func alive() throws {
        let wire = try wire {
            $0.keepalive = .seconds(5)
            // The guard counts by the real clock.
            $0.maxControlFramesPerSecond = .max
        }
        let loop = wire.clientChannel.embeddedEventLoop
        for _ in 0..<100 {
            loop.advanceTime(by: .seconds(1))
            try wire.carry()
        }
        #expect(wire.clientChannel.isActive)
        for _ in 0..<5 {
            loop.advanceTime(by: .milliseconds(4999))
            try wire.carry()
        }
        #expect(wire.clientChannel.isActive)
    }

    @Test("a connection that has no numbers left answers what is open and makes room for another one")
    func exhausted() throws {
        let wire = try wire()
        nghttp2_session_set_next_stream_id(wire.client.session.session, .max)
        let (last, _) = try wire.open()
        let refused = #expect(throws: HTTP2StreamError.self) { try wire.open() }
        #expect(refused?.isSafeToRetry == true)
        #expect(!wire.client.canOpenStream)
        #expect(wire.states == [.ready, .draining])
        try wire.carry()
        #expect(last.isWhole)
        #expect(wire.states.last == .closed || !wire.clientChannel.isActive)
    }
}
