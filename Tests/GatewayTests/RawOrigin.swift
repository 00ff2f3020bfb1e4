import Foundation
import Kit
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

@testable import Gateway

/// An operator's service that answers with whatever bytes a test wants, and keeps those that came.
final class RawOrigin: Sendable {
    struct Seen {
        /// Each request's head, as it came.
        var heads: [String] = []
        /// What came behind heads that state no length, and the first bytes of what came behind others.
        var rest = ""
        /// Bytes behind heads.
        var taken = 0
        var given = 0
        var connections = 0
        var closed = 0
    }

    /// One connection, on its event loop.
    final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private static let piece = ByteBuffer(repeating: 0x61, count: 16 << 10)
        /// Which one it is, from 1.
        let number: Int
        /// How many requests have come on it.
        private(set) var requests = 0
        /// Called with the bytes behind the head, from then on.
        var tunnel: ((String) -> Void)?
        /// Called when a body with a stated length is whole.
        var whenWhole: (() -> Void)?
        var whenInputEnds: (() -> Void)?
        private let seen: NIOLockedValueBox<Seen>
        private let act: @Sendable (Connection, String) -> Void
        private var context: ChannelHandlerContext?
        private var head: [UInt8] = []
        private var bodyLeft = 0
        private var toGive = 0
        private var isBodyEndless = false

        init(_ number: Int, _ seen: NIOLockedValueBox<Seen>, _ act: @escaping @Sendable (Connection, String) -> Void) {
            self.number = number
            self.seen = seen
            self.act = act
        }

        var eventLoop: (any EventLoop)? { context?.eventLoop }

        func send(_ text: String) { context?.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil) }

        /// Sends that many bytes, no faster than they are taken.
        func give(_ count: Int) {
            toGive += count
            giveOn()
        }

        func close() { context?.close(promise: nil) }

        func closeOutput() { context?.close(mode: .output, promise: nil) }

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }

        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            take([UInt8](unwrapInboundIn(data).readableBytesView))
        }

        private func take(_ bytes: [UInt8]) {
            if let tunnel {
                seen.withLockedValue { $0.rest += String(decoding: bytes, as: UTF8.self) }
                return tunnel(String(decoding: bytes, as: UTF8.self))
            }
            if bodyLeft > 0 || isBodyEndless {
                let part = isBodyEndless ? bytes[...] : bytes.prefix(bodyLeft)
                seen.withLockedValue { seen in
                    seen.taken += part.count
                    if seen.rest.utf8.count < 4096 { seen.rest += String(decoding: part.prefix(4096), as: UTF8.self) }
                }
                guard !isBodyEndless else { return }
                bodyLeft -= part.count
                if bodyLeft == 0 { whenWhole?() }
                if bytes.count > part.count { take(Array(bytes.dropFirst(part.count))) }
                return
            }
            head += bytes
            let text = String(decoding: head, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { return }
            let found = String(text[..<end.upperBound])
            let rest = Array(head.dropFirst(found.utf8.count))
            head = []
            requests += 1
            seen.withLockedValue { $0.heads.append(found) }
            let length = found.split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
            bodyLeft = length.flatMap { Int($0.dropFirst(16)) } ?? 0
            isBodyEndless = found.contains("transfer-encoding: chunked")
            act(self, found)
            if !rest.isEmpty { take(rest) }
        }

        func channelWritabilityChanged(context: ChannelHandlerContext) { giveOn() }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard event as? ChannelEvent == .inputClosed else { return }
            if let whenInputEnds { whenInputEnds() } else { context.close(promise: nil) }
        }

        func channelInactive(context: ChannelHandlerContext) { seen.withLockedValue { $0.closed += 1 } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func giveOn() {
            while toGive > 0, let context, context.channel.isWritable {
                var piece = Self.piece
                piece = piece.readSlice(length: min(toGive, piece.readableBytes)) ?? piece
                toGive -= piece.readableBytes
                seen.withLockedValue { $0.given += piece.readableBytes }
                context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
            }
        }
    }

    let port: Int
    private let channel: any Channel
    private let box: NIOLockedValueBox<Seen>

    var seen: Seen { box.withLockedValue { $0 } }

    /// - Parameter act: What is done when a request's head has come.
    init(_ act: @escaping @Sendable (Connection, String) -> Void) async throws {
        let box = NIOLockedValueBox(Seen())
        self.box = box
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = box.withLockedValue { seen in
                        seen.connections += 1
                        return seen.connections
                    }
                    try channel.pipeline.syncOperations.addHandler(Connection(number, box, act))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func stop() async { try? await channel.close() }

    /// An answer with that body.
    static func answer(_ body: String, _ fields: String...) -> String {
        let lines = ["HTTP/1.1 200 OK", "Content-Length: \(body.utf8.count)"] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// An answer to GET with that body.
    static func answering(_ body: String) async throws -> RawOrigin {
        try await RawOrigin { connection, _ in connection.send(answer(body)) }
    }

    /// A route to origins.
    static func route(
        _ ports: [Int], prefix: String = "/orders", authentication: RouteTable.Authentication = .none,
        timeout: TimeAmount = .seconds(10), connections: Int = 64, path: String = "",
        upstream: OperatorUpstream? = nil, _ change: (inout OperatorRules) -> Void = { _ in }
    ) -> RouteTable.Route {
        let urls = ports.compactMap { BaseURL("http://127.0.0.1:\($0)\(path)") }
        var rules = OperatorRules(
            upstream: upstream ?? OperatorUpstream(.init(name: "orders", urls: urls, connections: connections)))
        change(&rules)
        return RouteTable.Route(
            prefix: prefix, service: "orders", authentication: authentication, bodyLimit: .max, timeout: timeout,
            operated: rules)
    }
}
