import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

@testable import Kit

/// An instance that answers everything with 200, until it leaves: then it refuses what comes, in one step.
final class LeavingInstance: Sendable {
    let address: HostPort
    private let channel: any Channel
    private let hasLeft = NIOLockedValueBox(false)

    init() async throws {
        let hasLeft = hasLeft
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Frames(hasLeft))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        address = HostPort(host: "127.0.0.1", port: channel.localAddress?.port ?? 0)
    }

    func leave() { hasLeft.withLockedValue { $0 = true } }

    func stop() async { try? await channel.close() }

    /// Looks at frames no closer than it has to (RFC 9113 §4.1).
    private final class Frames: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private static let preface = 24
        private let hasLeft: NIOLockedValueBox<Bool>
        private var received = ByteBuffer()
        private var isBegun = false

        init(_ hasLeft: NIOLockedValueBox<Bool>) {
            self.hasLeft = hasLeft
        }

        func channelActive(context: ChannelHandlerContext) {
            send([0, 0, 0, 4, 0, 0, 0, 0, 0], context)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
            if !isBegun {
                guard received.readableBytes >= Self.preface else { return }
                received.moveReaderIndex(forwardBy: Self.preface)
                isBegun = true
            }
            while let (type, stream) = nextFrame() {
                guard type == 1 else { continue }
                if hasLeft.withLockedValue({ $0 }) {
                    // GOAWAY: stream 0 was the last that it did anything with.
                    return send([0, 0, 8, 7, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0], context)
                }
                // HEADERS that end headers and stream, with one indexed field: 200.
                let id = withUnsafeBytes(of: stream.bigEndian) { Array($0) }
                send([0, 0, 1, 1, 5] + id + [0x88], context)
            }
        }

        private func nextFrame() -> (type: UInt8, stream: UInt32)? {
            guard
                let head = received.getBytes(at: received.readerIndex, length: 9),
                case let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2]),
                let stream = received.getInteger(at: received.readerIndex + 5, as: UInt32.self),
                received.readSlice(length: 9 + length) != nil
            else { return nil }
            return (head[3], stream)
        }

        private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
        }
    }
}
