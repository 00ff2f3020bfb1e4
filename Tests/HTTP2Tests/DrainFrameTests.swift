import HTTP2
import NIOCore
import NIOEmbedded
import Testing

@Suite("The end of an HTTP/2 connection")
struct DrainFrameTests {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

    /// `GET / http x` from HPACK's static table.
    private static func request(on stream: UInt8) -> [UInt8] {
        [0, 0, 6, 1, 5, 0, 0, 0, stream, 0x82, 0x86, 0x84, 0x41, 0x01, 0x78]
    }

    /// What each GOAWAY that was sent says the last stream is, and with which code.
    private func goAways(_ channel: EmbeddedChannel) throws -> [[UInt32]] {
        channel.embeddedEventLoop.run()
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        var found: [[UInt32]] = []
        while bytes.count >= 9 {
            let length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
            let payload = bytes[9..<(9 + length)]
            if bytes[3] == 7 {
                found.append(
                    [payload.prefix(4), payload.dropFirst(4).prefix(4)].map { $0.reduce(0) { $0 << 8 | UInt32($1) } })
            }
            bytes.removeFirst(9 + length)
        }
        return found
    }

    @Test("is told first without a last stream, so that what is on its way is taken, and then with it")
    func twoSteps() throws {
        let delegate = RecordingDelegate()
        var taken = 0
        delegate.answer = { _, _ in taken += 1 }
        let server = HTTP2ServerConnection(configuration: HTTP2Configuration(), delegate: delegate)
        let channel = EmbeddedChannel(handler: server)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.writeInbound(ByteBuffer(bytes: Self.preface + Self.request(on: 1)))
        #expect(try goAways(channel).isEmpty)
        server.drain()
        // RFC 9113 §6.8: NO_ERROR and the highest number there is.
        #expect(try goAways(channel) == [[0x7FFF_FFFF, 0]])
        try channel.writeInbound(ByteBuffer(bytes: Self.request(on: 3)))
        #expect(taken == 2)
        #expect(try goAways(channel).isEmpty)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(100))
        #expect(try goAways(channel) == [[3, 0]])
        try channel.writeInbound(ByteBuffer(bytes: Self.request(on: 5)))
        #expect(taken == 2)
        #expect(channel.isActive)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}
