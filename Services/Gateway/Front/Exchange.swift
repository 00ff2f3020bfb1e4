import HTTPFields
import Directory
import Domain
import Events
import FoundationEssentials
import HTTP2
import HTTPFields
import Hummingbird
import Kit
import Logging
import NIOCore

/// Where an exchange's answer goes: the public connection. All calls come on its event loop.
protocol ExchangeFront: AnyObject {
    func writeHead(_ head: AnswerHead)
    func writeBody(_ body: ByteBuffer)
    func finish()
    func breakOff()
    var isWritable: Bool { get }
    /// Whether more of the request's body may be read.
    func read(_ more: Bool)
    /// Bytes of the request's body have gone on.
    func consumed(_ bytes: Int)
}

/// One request on its way through the gateway: authenticate, forward, answer. Lives on its event loop only.
final class Exchange: HTTP2ResponseReceiver {
    enum Phase {
        case authenticating
        case connecting
        case waiting(HTTP2ClientConnection, HTTP2StreamID)
        case streaming(HTTP2ClientConnection, HTTP2StreamID)
        case done
    }

    let request: PublicRequest
    let loop: GatewayLoop
    /// Weak, because the front holds the exchange, and a closed connection needs no answer.
    private(set) weak var front: (any ExchangeFront)?
    private(set) var phase = Phase.authenticating
    private var attempts = 0
    private var forwarded = HeaderBlock()
    /// When the service has been silent for too long; put off by what goes on in either direction.
    private var deadline = NIODeadline.distantFuture
    var upload: Upload
    /// Bytes of the answer that were written to a caller who doesn't take them for now.
    private var unread = 0
    var account = ExchangeAccount()

    /// - Parameter isWhole: Whether `request` has all of its body; else the rest follows by `receive`.
    init(request: PublicRequest, loop: GatewayLoop, front: any ExchangeFront, isWhole: Bool) {
        self.request = request
        self.loop = loop
        self.front = front
        upload = Upload(begun: request.body, isWhole: isWhole, limit: request.bodyLimit)
    }

    func start() {
        guard let route = request.route else { return fail(.notFound) }
        switch request.preflight() {
        case nil: break
        case .success(let fields): return answerPreflight(fields)
        case .failure(let problem): return fail(problem)
        }
        if route.limits.isEmpty { admitted(route) } else { limit(route, nil) { $0.admitted(route) } }
    }

    private func admitted(_ route: RouteTable.Route) {
        if isForwardAuth { return authenticate(route, mayReload: true) }
        if route.service == "gateway" { return answerLocally() }
        guard route.authentication == .required else { return forward(nil, route) }
        authenticate(route, mayReload: true)
    }

    /// Adds fields to whatever the answer will be.
    func note(_ add: (inout HeaderBlock) -> Void) { add(&request.answerFields) }

    /// The caller is gone: what was begun for it stops.
    func abandon() {
        if case .waiting(let connection, let stream) = phase { connection.cancel(stream) }
        if case .streaming(let connection, let stream) = phase { connection.cancel(stream) }
        account.outcome = .callerGone
        end()
    }

    // Authenticate

    private func authenticate(_ route: RouteTable.Route, mayReload: Bool) {
        guard let tenant = request.tenant else { return fail(.notFound) }
        guard loop.environment.isCurrent() else { return fail(.unavailable()) }
        // Two fields could be read as either; neither is believed.
        let fields = request.head.fields
        guard fields.occurrences(of: "authorization") <= 1 else { return fail(.invalidToken) }
        switch BearerToken(fields.value(of: "authorization")) {
        case .absent: fail(.unauthenticated)
        case .malformed: refuse("malformed")
        case .token(let token):
            switch loop.authenticator.check(token, of: tenant) {
            case .accepted(let identity):
                if isForwardAuth { return answerProxy(identity) }
                if route.limits.isEmpty { return forward(identity, route) }
                limit(route, identity) { $0.forward(identity, route) }
            case .revoked: refuse("revoked")
            case .refused(let rejection): refuse("\(rejection)")
            case .unknownKey:
                guard mayReload, loop.environment.keys.mayReload() else { return refuse("unknown key") }
                reloadKeys(route)
            }
        }
    }

    private func reloadKeys(_ route: RouteTable.Route) {
        let (reload, eventLoop) = (loop.environment.reloadKeys, loop.eventLoop)
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        Task {
            await reload()
            eventLoop.execute {
                // The caller may have gone meanwhile.
                if case .done = home.value.phase { return }
                home.value.authenticate(route, mayReload: false)
            }
        }
    }

    private func refuse(_ reason: String) {
        loop.environment.logger.info(
            "token refused", metadata: ["request_id": "\(request.id)", "reason": "\(reason)"])
        fail(.invalidToken)
    }

    // Forward

    private func forward(_ identity: EdgeAuthenticator.Identity?, _ route: RouteTable.Route) {
        forwarded = request.forwarded(identity)
        progressed()
        attempt(route)
    }

    func progressed() {
        if let route = request.route { deadline = .now() + route.timeout }
    }

    private func attempt(_ route: RouteTable.Route) {
        guard let pool = loop.pool(route.service) else { return fail(.badGateway) }
        phase = .connecting
        attempts += 1
        account.goesOn()
        if let connection = pool.connection() { return open(connection, route) }
        // An instance that was just restarted is back within moments; without any, nobody is kept waiting long.
        pool.whenConnected(by: .now() + .seconds(1)) { connection in
            guard case .connecting = self.phase else { return }
            guard let connection else { return self.fail(.unavailable()) }
            self.open(connection, route)
        }
    }

    private func open(_ connection: HTTP2ClientConnection, _ route: RouteTable.Route) {
        let (isWhole, waiting) = (upload.isWhole, upload.waiting)
        let body: HTTP2ClientConnection.Body =
            !isWhole ? .streamed : waiting.readableBytes == 0 ? .none : .full(waiting)
        do throws(HTTP2StreamError) {
            let stream = try connection.open(forwarded, body: body, receiver: self)
            phase = .waiting(connection, stream)
            upload.begins(isStreamed: !isWhole)
            if isWhole { front?.consumed(waiting.readableBytes) } else { sendBody() }
        } catch {
            if attempts < 3 { attempt(route) } else { fail(.unavailable()) }
        }
    }

    /// Ends what the service has been silent on for too long. The front asks for this a few times a second, with all else
    /// that has a time: a timer of its own would cost each request an allocation and a sorted insert.
    func check(_ now: NIODeadline) {
        guard deadline <= now else { return }
        // While all wait for the caller, the front's limits count.
        if !upload.isWhole, !upload.isHeldUp, case .waiting = phase { progressed() }
        if unread > 0 { progressed() }
        guard deadline <= now else { return }
        switch phase {
        case .waiting(let connection, let stream):
            connection.cancel(stream)
            fail(.gatewayTimeout)
        case .connecting: fail(.unavailable())
        case .streaming(let connection, let stream):
            connection.cancel(stream)
            breakOff()
        case .authenticating, .done: break
        }
    }

    /// Ends an answer in the middle.
    func breakOff() {
        account.outcome = .brokenOff
        end()
        front?.breakOff()
    }

    // Answer

    func received(head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID) {
        guard case .waiting(let connection, let stream) = phase, let status = head.status else { return }
        phase = .streaming(connection, stream)
        account.answers(status)
        // What this answer ended is refused here from this moment; other gateways learn it by the event.
        if let ended = head.value(of: InternalHeader.revoked) {
            loop.environment.revocations.insert(ended.split(separator: ",").compactMap { UUID(uuidString: String($0)) })
        }
        var answer = AnswerHead(status)
        let stated = HeaderPolicy.answer(head, to: &answer.fields)
        answer.fields.append(contentsOf: request.answerFields)
        if !stated.hasContentSecurityPolicy {
            answer.fields.append(contentsOf: loop.environment.securityHeaders.contentSecurityPolicy)
        }
        if let length = stated.length {
            answer.states(length: length)
        } else if endStream, !answer.isBodiless {
            answer.states(length: 0)
        }
        front?.writeHead(answer)
        if endStream { ended(trailers: nil, on: stream) }
    }

    func received(body: ByteBuffer, on stream: HTTP2StreamID) {
        guard case .streaming(let connection, let stream) = phase else { return }
        progressed()
        account.sent += body.readableBytes
        front?.writeBody(body)
        guard front?.isWritable == false else { return connection.consumed(body.readableBytes, on: stream) }
        connection.keep(body.readableBytes, on: stream)
        unread += body.readableBytes
    }

    /// The caller takes more of the answer again.
    func resume() {
        guard unread > 0, case .streaming(let connection, let stream) = phase else { return }
        progressed()
        connection.release(unread, on: stream)
        unread = 0
    }

    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID) {
        // An answer may come before the request is whole; then the service needs no more of it.
        if case .streaming(let connection, let stream) = phase, !upload.isWhole { connection.stopSending(on: stream) }
        end()
        front?.finish()
    }

    func failed(_ error: HTTP2StreamError, on stream: HTTP2StreamID) {
        loop.environment.logger.debug(
            "upstream failed", metadata: ["request_id": "\(request.id)", "error": "\(error)"])
        switch phase {
        case .waiting:
            // A request the instance can't have acted on, or that changes nothing, is sent to another one.
            let isSafe = error.isSafeToRetry || error == .connectionClosed && isIdempotent
            if isSafe, !upload.hasSent, attempts < 3, let route = request.route { return attempt(route) }
            fail(error == .bodyTooLarge ? .badGateway : .unavailable())
        case .streaming: breakOff()
        case .authenticating, .connecting, .done:
            break
        }
    }

    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID) {
        service(takesMore: writable)
    }

    private var isIdempotent: Bool { request.head.method == "GET" || request.head.method == "HEAD" }

    func fail(_ problem: Problem) {
        if case .done = phase { return }
        if problem.status == .unauthorized, sendsToLogin() { return }
        if request.route?.speaksOAuth == true, let error = OAuthError(problem) {
            return write(error.response(), error.body)
        }
        account.status = problem.status.code
        end()
        front?.answer(problem, requestID: request.id, request.ordinaryAnswerFields)
    }

    func end() {
        if case .done = phase { return }
        phase = .done
        loop.environment.observer.record(request, account, received: upload.received)
    }

    // Answer without a service

    private func answerPreflight(_ fields: HeaderBlock) {
        account.status = 204
        end()
        var head = AnswerHead(204)
        head.fields.append(contentsOf: fields)
        front?.writeHead(head)
        front?.finish()
    }

    private func answerLocally() {
        let (local, path, requestID, eventLoop) = (
            loop.environment.local, request.path?.path ?? "/", request.id, loop.eventLoop
        )
        let method = request.head.method
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        Task.immediate(executorPreference: loop.executor) {
            let response = await local.respond(method, path, requestID: requestID)
            let body = await ResponseCollector.collect(response.body)
            eventLoop.execute { home.value.write(response, body) }
        }
    }

    func write(_ response: Response, _ body: ByteBuffer?) {
        if case .done = phase { return }
        account.status = response.status.code
        account.sent = body?.readableBytes ?? 0
        end()
        var head = AnswerHead(response, length: body?.readableBytes ?? 0)
        let hasPolicy = response.headers[.contentSecurityPolicy] != nil
        head.fields.append(contentsOf: hasPolicy ? request.answerFields : request.ordinaryAnswerFields)
        front?.writeHead(head)
        if let body { front?.writeBody(body) }
        front?.finish()
    }
}
