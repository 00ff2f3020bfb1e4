import HTTPFields
import HTTP2
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A service that takes and gives bytes without end and holds none.
///
/// `/bulk/sink` answers with the number of bytes it took, `/bulk/source?N` gives N, `/bulk/stuck` takes no more than a
/// window, `/bulk/early` answers before the body is whole, `/bulk/never` does not answer.
final class BulkService: Sendable {
    /// What becomes of requests.
    enum Fault {
        case none
        /// Every stream is reset with INTERNAL_ERROR.
        case resets
        /// None is answered.
        case silent
    }

    struct Counts {
        var taken = 0
        var given = 0
        var begun = 0
        var aborted = 0
    }

    let port: Int
    private let channel: any Channel
    private let box: NIOLockedValueBox<Counts>

    var counts: Counts { box.withLockedValue { $0 } }

    init(_ fault: Fault = .none) async throws {
        let box = NIOLockedValueBox(Counts())
        self.box = box
        var configuration = HTTP2Configuration()
        configuration.maxBodySize = .max
        configuration.maxConcurrentStreams = 1000
        configuration.maxResets = .max
        let settings = configuration
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        HTTP2ServerConnection(
                            configuration: settings, delegate: Delegate(box, channel.eventLoop, fault)))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func stop() async { try? await channel.close() }

    private final class Delegate: HTTP2ServerDelegate {
        private struct Request {
            var path: String
            var taken = 0
            var left = 0
            var isHeldUp = false
        }

        private static let piece = ByteBuffer(repeating: 0x61, count: 16 << 10)
        private let counts: NIOLockedValueBox<Counts>
        private let eventLoop: any EventLoop
        private let fault: Fault
        private var requests: [HTTP2StreamID: Request] = [:]

        init(_ counts: NIOLockedValueBox<Counts>, _ eventLoop: any EventLoop, _ fault: Fault) {
            self.counts = counts
            self.fault = fault
            self.eventLoop = eventLoop
        }

        func received(
            head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection
        ) {
            // Asked by the gateway on its own account.
            if head.path == "/health/readiness" {
                return connection.respond(Self.head(length: 0), body: nil, on: stream)
            }
            counts.withLockedValue { $0.begun += 1 }
            switch fault {
            case .none: break
            case .resets: return connection.reset(stream, code: 2)
            case .silent: return
            }
            let target = (head.path ?? "").split(separator: "?")
            var request = Request(path: String(target.first ?? ""))
            switch request.path {
            case "/bulk/source":
                request.left = target.last.flatMap { Int($0) } ?? 0
                guard head.method != "HEAD" else {
                    return connection.respond(Self.head(length: request.left), body: nil, on: stream)
                }
                connection.respondHead(Self.head(length: request.left), on: stream)
                requests[stream] = request
                give(stream, connection)
            case "/bulk/early":
                connection.respond(Self.head(length: 5), body: ByteBuffer(string: "early"), on: stream)
            default:
                requests[stream] = request
                if endStream { ended(trailers: nil, on: stream, connection: connection) }
            }
        }

        func received(body: ByteBuffer, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
            counts.withLockedValue { $0.taken += body.readableBytes }
            requests[stream]?.taken += body.readableBytes
            if requests[stream]?.path != "/bulk/stuck" { connection.consumed(body.readableBytes, on: stream) }
        }

        func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
            guard let request = requests[stream], request.path == "/bulk/sink" else { return }
            let text = ByteBuffer(string: String(request.taken))
            connection.respond(Self.head(length: text.readableBytes), body: text, on: stream)
            requests[stream] = nil
        }

        func aborted(_ error: HTTP2StreamError, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
            if requests.removeValue(forKey: stream) != nil { counts.withLockedValue { $0.aborted += 1 } }
        }

        func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
            requests[stream]?.isHeldUp = !writable
            guard writable else { return }
            eventLoop.assumeIsolated().execute { self.give(stream, connection) }
        }

        func closed(connection: HTTP2ServerConnection) {}

        /// Writes until it is told to wait.
        private func give(_ stream: HTTP2StreamID, _ connection: HTTP2ServerConnection) {
            while let request = requests[stream], !request.isHeldUp, request.left > 0 {
                var piece = Self.piece
                piece = piece.readSlice(length: min(request.left, piece.readableBytes)) ?? piece
                requests[stream]?.left -= piece.readableBytes
                counts.withLockedValue { $0.given += piece.readableBytes }
                connection.write(piece, on: stream)
            }
            if requests[stream]?.left == 0 {
                requests[stream] = nil
                connection.finish(on: stream)
            }
        }

        private static func head(length: Int) -> HeaderBlock {
            var head = HeaderBlock()
            head.append(":status", "200")
            head.append("content-length", String(length))
            return head
        }
    }
}
