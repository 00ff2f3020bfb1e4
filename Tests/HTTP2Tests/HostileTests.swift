import HTTP2
import NIOCore
import NIOEmbedded
import Testing

@Suite("HTTP/2 under attack")
struct HostileTests {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, 0, 0, [])

    private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(payload.count)
        return [
            UInt8(truncatingIfNeeded: length >> 16), UInt8(truncatingIfNeeded: length >> 8),
            UInt8(truncatingIfNeeded: length), type, flags, UInt8(truncatingIfNeeded: stream >> 24),
            UInt8(truncatingIfNeeded: stream >> 16), UInt8(truncatingIfNeeded: stream >> 8),
            UInt8(truncatingIfNeeded: stream),
        ] + payload
    }

    /// `GET / http x` from HPACK's static table.
    private static let request: [UInt8] = [0x82, 0x86, 0x84, 0x41, 0x01, 0x78]

    /// A server's channel, fed `bytes`; and the error code of the GOAWAY it sent, if it sent one.
    private func feed(_ bytes: [UInt8], chunk: Int = .max) throws -> (channel: EmbeddedChannel, goAway: UInt32?) {
        var configuration = HTTP2Configuration()
        configuration.keepalive = nil
        let delegate = RecordingDelegate()
        let channel = EmbeddedChannel(handler: HTTP2ServerConnection(configuration: configuration, delegate: delegate))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        var rest = bytes[...]
        while !rest.isEmpty, channel.isActive {
            try channel.writeInbound(ByteBuffer(bytes: rest.prefix(chunk)))
            channel.embeddedEventLoop.run()
            rest = rest.dropFirst(chunk)
        }
        var sent: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { sent += buffer.readableBytesView }
        return (channel, Self.goAway(in: sent))
    }

    private static func goAway(in bytes: [UInt8]) -> UInt32? {
        var offset = 0
        while offset + 9 <= bytes.count {
            let length = Int(bytes[offset]) << 16 | Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2])
            if bytes[offset + 3] == 7, offset + 17 <= bytes.count {
                return bytes[(offset + 13)..<(offset + 17)].reduce(0) { $0 << 8 | UInt32($1) }
            }
            offset += 9 + length
        }
        return nil
    }

    @Test(
        "malformed input closes the connection with the error it deserves",
        arguments: [
            (frame(0, 0, 0, [1]), 1), (frame(1, 4, 0, request), 1), (frame(1, 4, 2, request), 1),
            (frame(4, 0, 0, [1]), 6), (frame(4, 0, 1, []), 1), (frame(6, 0, 0, [1, 2, 3]), 6),
            (frame(8, 0, 0, [0, 0, 0, 0]), 1), (frame(1, 4, 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), 9),
            (frame(9, 4, 1, request), 1), (frame(5, 4, 1, [0, 0, 0, 2]), 1), (frame(3, 0, 1, [0, 0, 0, 0]), 1),
            (frame(2, 0, 0, [0, 0, 0, 0, 0]), 1), ([0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1], 6),
        ] as [([UInt8], UInt32)])
    func malformed(bytes: [UInt8], code: UInt32) throws {
        let (channel, goAway) = try feed(Self.preface + bytes)
        #expect(goAway == code)
        #expect(!channel.isActive)
    }

    @Test("what is no preface closes the connection")
    func noPreface() throws {
        let (channel, goAway) = try feed(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        #expect(!channel.isActive)
        #expect(goAway == 1)
    }

    @Test(
        "floods end in ENHANCE_YOUR_CALM",
        arguments: [
            "reset", "settings", "ping", "empty", "priority", "continuation", "overflow", "refused", "fields",
        ])
    func floods(kind: String) throws {
        var bytes = Self.preface
        for number in UInt32(0)..<300 {
            let stream = number * 2 + 1
            switch kind {
            case "reset":
                bytes += Self.frame(1, 4, stream, Self.request) + Self.frame(3, 0, stream, [0, 0, 0, 8])
            case "settings": bytes += Self.frame(4, 0, 0, [])
            case "ping": bytes += Self.frame(6, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])
            case "empty":
                if number == 0 { bytes += Self.frame(1, 4, 1, Self.request) }
                bytes += Self.frame(0, 0, 1, [])
            // Each is answered with a reset, which the caller need not read.
            case "overflow":
                bytes += Self.frame(1, 4, stream, Self.request) + Self.frame(8, 0, stream, [0x7F, 0xFF, 0xFF, 0xFF])
            case "refused": bytes += Self.frame(1, 4, stream, Self.request)
            // A byte names four kilobytes, which stand in the table since the first request.
            case "fields":
                let long = [0x40, 0x01, 0x78, 0x7F, 0xE0, 0x1E] + [UInt8](repeating: 0x61, count: 4063)
                let fields = number == 0 ? long : [UInt8](repeating: 0xBE, count: 60)
                // The authority goes into no table, where it would take the long field's place.
                let request = Self.request.prefix(3) + [0x01, 0x01, 0x78]
                if number < 2 { bytes += Self.frame(1, 4, stream, request + fields) }
            case "priority": bytes += Self.frame(2, 0, 1, [0, 0, 0, 0, 0])
            default:
                bytes += number == 0 ? Self.frame(1, 0, 1, Self.request) : Self.frame(9, 0, 1, [])
            }
        }
        let (channel, goAway) = try feed(bytes, chunk: 4096)
        #expect(!channel.isActive)
        #expect(goAway == 11)
    }

    @Test("random frames never crash the server, whole or in pieces")
    func fuzzServer() throws {
        var random = SystemRandomNumberGenerator()
        for round in 0..<3000 {
            var bytes = Self.preface
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let payload = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                let stream = UInt32.random(in: 0...9, using: &random)
                bytes += Self.frame(
                    .random(in: 0...11, using: &random), .random(in: 0...255, using: &random), stream, payload)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0...10, using: &random)) }
            if Bool.random(using: &random) {
                bytes[Int.random(in: 24..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            }
            let (channel, _) = try feed(bytes, chunk: round % 3 == 0 ? 7 : .max)
            _ = try? channel.finish(acceptAlreadyClosed: true)
        }
    }

    @Test("random frames never crash the client, and its request is told")
    func fuzzClient() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let wire = try Wire()
            wire.delegate.answer = { _, _ in }
            let (receiver, _) = try wire.open()
            try wire.carry()
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let payload = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                bytes += Self.frame(
                    .random(in: 0...10, using: &random), .random(in: 0...255, using: &random),
                    .random(in: 0...3, using: &random), payload)
            }
            try wire.clientChannel.writeInbound(ByteBuffer(bytes: bytes))
            wire.clientChannel.embeddedEventLoop.run()
            if !wire.clientChannel.isActive { #expect(receiver.failure != nil || receiver.isWhole) }
        }
    }
}
