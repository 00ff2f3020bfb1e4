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
    /// Writes the head of an answer after which both sides speak another protocol.
    /// - Returns: The caller's side of it; nil where there is no such thing.
    func switchProtocol(_ head: AnswerHead) -> (any TunnelSide)?
}

/// One request on its way through the gateway: authenticate, forward, answer. Lives on its event loop only.
final class Exchange {
    enum Phase {
        case authenticating
        case connecting
        case waiting(ServiceCall)
        case streaming(ServiceCall)
        /// Both sides speak another protocol than HTTP.
        case tunnelling(Tunnel)
        case done
    }

    let request: PublicRequest
    let loop: GatewayLoop
    /// The front holds the exchange until it is over or abandoned; a closed connection needs no answer. Not weak: that
    /// would make each use of the front dearer.
    private(set) var front: (any ExchangeFront)?
    var phase = Phase.authenticating
    var attempts = 0
    private var forwarded = HeaderBlock.empty
    /// What an upstream of the operator's gets instead.
    var operated: OperatorRequest?
    /// Whom the token of such a request speaks of.
    var identity: EdgeAuthenticator.Identity?
    /// When the service has been silent for too long; put off by what goes on in either direction.
    private var deadline = NIODeadline.distantFuture
    var upload: Upload
    /// Bytes of the answer that were written to a caller who doesn't take them for now.
    var unread = 0
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
        // Before it is counted or looked at: a refusal is to cost next to nothing.
        if let pool = loop.pool(route.service), pool.hasNoRoom(for: work) {
            pool.turnedAway()
            return fail(.overloaded())
        }
        if route.limits.isEmpty { admitted(route) } else { limit(route, nil) { $0.admitted(route) } }
    }

    private func admitted(_ route: RouteTable.Route) {
        if isForwardAuth { return authenticate(route, mayReload: true) }
        if route.service == "gateway" { return answerLocally() }
        switch route.authentication {
        case .none: forward(nil, route)
        case .optional, .required: authenticate(route, mayReload: true)
        }
    }

    var tunnel: Tunnel? {
        if case .tunnelling(let tunnel) = phase { tunnel } else { nil }
    }

    /// Adds fields to whatever the answer will be.
    func note(_ add: (inout HeaderBlock) -> Void) { add(&request.answerFields) }

    /// The caller is gone: what was begun for it stops.
    func abandon() {
        defer { front = nil }
        switch phase {
        case .waiting(let call), .streaming(let call): call.cancel()
        case .tunnelling(let tunnel): return tunnel.end(.answered)
        case .authenticating, .connecting, .done: break
        }
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
        var bearer = fields.withValue(of: "authorization") { BearerToken($0) } ?? .absent
        if bearer == .absent, let token = request.webSocket?.token {
            bearer = BearerToken("Bearer \(token)")
        }
        switch bearer {
        case .absent: if route.authentication == .optional { forward(nil, route) } else { fail(.unauthenticated) }
        case .malformed: refuse("malformed")
        case .token(let token):
            switch loop.authenticator.check(token, of: tenant) {
            case .accepted(let identity):
                if isForwardAuth { return answerProxy(identity) }
                if let rules = route.operated, !rules.requirements.areMet(by: identity.claims) {
                    return fail(.forbidden)
                }
                if route.limits.isEmpty { return forward(identity, route) }
                limit(route, identity) { $0.forward(identity, route) }
            case .revoked: refuse("revoked")
            case .refused(let rejection): refuse("\(rejection)")
            case .unknownKey:
                guard mayReload, loop.environment.keys.mayReload(tenant.id) else { return refuse("unknown key") }
                reloadKeys(of: tenant.id, route)
            }
        }
    }

    private func reloadKeys(of tenant: UUID, _ route: RouteTable.Route) {
        let (reload, eventLoop) = (loop.environment.reloadKeys, loop.eventLoop)
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        Task {
            await reload(tenant)
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

    /// What an instance may have no room for.
    var work: UpstreamPool.Work { UpstreamPool.Work(method: request.method, path: request.path?.path ?? "/") }

    private func forward(_ identity: EdgeAuthenticator.Identity?, _ route: RouteTable.Route) {
        progressed()
        if let rules = route.operated { return forward(identity, route, rules) }
        forwarded = request.forwarded(identity)
        attempt(route)
    }

    func progressed() {
        if let route = request.route { deadline = .now() + route.timeout }
    }

    /// - Parameter failed: Where it was tried before.
    func attempt(_ route: RouteTable.Route, after failed: HTTP2ClientConnection? = nil) {
        attempts += 1
        account.goesOn()
        if let rules = route.operated { return call(rules) }
        guard let pool = loop.pool(route.service) else { return fail(.badGateway) }
        phase = .connecting
        if let connection = pool.connection(after: failed, for: work) { return open(connection, route) }
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
        var head = forwarded
        if let place = request.recording?.sends(to: route.service) {
            head.append(InternalHeader.traceparent, place.description, unindexed: true)
        }
        do throws(HTTP2StreamError) {
            let stream = try connection.open(head, body: body, receiver: self)
            phase = .waiting(.stream(connection, stream))
            upload.begins(isStreamed: !isWhole)
            if isWhole { front?.consumed(waiting.readableBytes) } else { sendBody() }
        } catch {
            request.recording?.failed("not_sent")
            if attempts < 3 { attempt(route) } else { fail(.unavailable()) }
        }
    }

    /// Ends what the service has been silent on for too long. The front asks for this a few times a second, with all else
    /// that has a time: a timer of its own would cost each request an allocation and a sorted insert.
    func check(_ now: NIODeadline) {
        if case .tunnelling(let tunnel) = phase { return tunnel.check(now) }
        guard deadline <= now else { return }
        // While all wait for the caller, the front's limits count.
        if !upload.isWhole, !upload.isHeldUp, case .waiting = phase { progressed() }
        if unread > 0 { progressed() }
        guard deadline <= now else { return }
        switch phase {
        case .waiting(let call):
            call.expire()
            request.recording?.failed("timeout")
            fail(.gatewayTimeout)
        case .connecting: fail(.unavailable())
        case .streaming(let call):
            call.cancel()
            breakOff()
        case .authenticating, .tunnelling, .done: break
        }
    }

    /// Ends an answer in the middle.
    func breakOff() {
        account.outcome = .brokenOff
        end()
        front?.breakOff()
    }

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
        request.recording?.end(request, account)
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
