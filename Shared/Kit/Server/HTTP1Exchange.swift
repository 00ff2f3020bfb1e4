import HTTPFields
import HTTP2
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Answers HTTP/1.1 on a service's own port, one request at a time: probes, scrapers and people with curl.
final class HTTP1Exchange: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let responder: ServiceResponder
    private let limit: Int
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(responder: ServiceResponder, limit: Int) {
        self.responder = responder
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ByteBuffer()
        case .body(var part):
            guard body.readableBytes + part.readableBytes <= limit else {
                context.close(promise: nil)
                return
            }
            body.writeBuffer(&part)
        case .end:
            guard let head else { return }
            self.head = nil
            respond(to: head, context)
        }
    }

    private func respond(to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var block = HeaderBlock()
        block.append(":method", head.method.rawValue)
        block.append(":path", head.uri)
        for (name, value) in head.headers { block.append(name.lowercased(), value) }
        guard let inbound = InboundRequest(block) else {
            context.close(promise: nil)
            return
        }
        let keepsAlive = head.isKeepAlive
        let home = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let (responder, body, eventLoop, channel) = (responder, body, context.eventLoop, context.channel)
        Task.immediate(executorPreference: EventLoopExecutor(eventLoop)) {
            let response = await responder.respond(to: inbound, body: body)
            guard response.body.contentLength != nil else {
                return await ChunkedAnswer(channel).send(response, keepsAlive: keepsAlive)
            }
            let body = await ResponseCollector.collect(response.body)
            eventLoop.execute {
                let (exchange, context) = home.value
                exchange.write(response, body, keepsAlive: keepsAlive, context)
            }
        }
    }

    private func write(_ response: Response, _ body: ByteBuffer?, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders()
        for field in response.headers { headers.add(name: field.name.rawName, value: field.value) }
        headers.replaceOrAdd(name: "content-length", value: String(body?.readableBytes ?? 0))
        let status = HTTPResponseStatus(statusCode: response.status.code)
        context.write(
            wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
        if let body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let home = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            if !keepsAlive { home.value.close(promise: nil) }
        }
    }
}

/// Writes an answer chunk by chunk, each once the one before is on its way.
private final class ChunkedAnswer: ResponseBodyWriter, Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Sends the head and all that the body writes; an answer that could not be written whole is cut off.
    func send(_ response: Response, keepsAlive: Bool) async {
        var headers = HTTPHeaders()
        for field in response.headers { headers.add(name: field.name.rawName, value: field.value) }
        let head = HTTPResponseHead(
            version: .http1_1, status: .init(statusCode: response.status.code), headers: headers)
        do {
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            try await response.body.write(self)
            try await channel.writeAndFlush(HTTPServerResponsePart.end(nil)).get()
            if !keepsAlive { channel.close(promise: nil) }
        } catch {
            channel.close(promise: nil)
        }
    }

    func write(_ buffer: ByteBuffer) async throws {
        try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(buffer))).get()
    }

    func finish(_: HTTPFields?) async throws {}
}
