import Domain
import Events
import FoundationEssentials
import HTTPFields
import Kit
import Logging
import NIOCore
import Octets

/// The answer on its way from the service to the caller.
extension Exchange: ServiceAnswerReceiver {
    func received(status: Int, _ fields: HeaderBlock, isWhole: Bool) {
        guard case .waiting(let call) = phase else { return }
        phase = .streaming(call)
        account.answers(status)
        request.recording?.answered(status)
        if status == 503 { noteBusy(call, fields) }
        var answer = AnswerHead(status)
        let length = request.route?.operated == nil ? take(fields, &answer) : takeOperated(fields, &answer)
        if let length {
            answer.states(length: length)
        } else if isWhole, !answer.isBodiless, !isOperatedHead {
            answer.states(length: 0)
        }
        front?.writeHead(answer)
        if isWhole { ended() }
    }

    /// An instance that has no room for this says for how long: until then others like it are refused here.
    private func noteBusy(_ call: ServiceCall, _ fields: HeaderBlock) {
        guard case .stream(let connection, _) = call, let route = request.route,
            let milliseconds = fields.value(of: InternalHeader.busy).flatMap({ Int64($0) })
        else { return }
        let time = TimeAmount.milliseconds(max(0, min(milliseconds, 1000)))
        loop.pool(route.service)?.note(connection, isBusyWith: work, until: .now() + time)
    }

    /// An upstream says with HEAD how long the answer to GET would be, or nothing.
    private var isOperatedHead: Bool { operated?.method == "HEAD" }

    /// Adds the fields of a service's answer; returns its length where it states one.
    private func take(_ fields: HeaderBlock, _ answer: inout AnswerHead) -> Int? {
        // What this answer ended is refused here from this moment; other gateways learn it by the event.
        if let ended = fields.value(of: InternalHeader.revoked) {
            loop.environment.revocations.insert(ended.words(between: ",").compactMap { UUID(canonical: String($0)) })
        }
        let stated = HeaderPolicy.answer(fields, to: &answer.fields)
        answer.fields.append(contentsOf: request.answerFields)
        if !stated.hasContentSecurityPolicy {
            answer.fields.append(contentsOf: loop.environment.securityHeaders.contentSecurityPolicy)
        }
        return stated.length
    }

    /// The same of an upstream of the operator's.
    private func takeOperated(_ fields: HeaderBlock, _ answer: inout AnswerHead) -> Int? {
        HeaderPolicy.answer(ofOperator: fields, ours: request.ordinaryAnswerFields, to: &answer.fields)
    }

    func received(body: ByteBuffer) {
        guard case .streaming(let call) = phase else { return }
        progressed()
        account.sent += body.readableBytes
        front?.writeBody(body)
        guard front?.isWritable == false else { return call.consumed(body.readableBytes) }
        call.keep(body.readableBytes)
        unread += body.readableBytes
    }

    /// The caller takes more of the answer again.
    func resume() {
        if case .tunnelling(let tunnel) = phase { return tunnel.callerTakesMore() }
        guard unread > 0, case .streaming(let call) = phase else { return }
        progressed()
        call.release(unread)
        unread = 0
    }

    func ended() {
        // An answer may come before the request is whole; then the service needs no more of it.
        if case .streaming(let call) = phase, !upload.isWhole { call.stopSending() }
        end()
        front?.finish()
    }

    func failed(_ failure: ServiceFailure) {
        loop.environment.logger.debug(
            "upstream failed", metadata: ["request_id": "\(request.id)", "error": "\(failure.reason)"])
        request.recording?.failed("no_answer")
        switch phase {
        case .waiting(let call):
            // A request the instance can't have acted on, or that changes nothing, is sent to another one.
            let isSafe =
                switch failure.retry {
                case .always: true
                case .whenSafe: isIdempotent
                case .never: false
                }
            if isSafe, !upload.hasSent, attempts < 3, let route = request.route {
                if case .stream(let connection, _) = call { return attempt(route, after: connection) }
                return attempt(route)
            }
            fail(failure.problem)
        case .streaming: breakOff()
        case .authenticating, .connecting, .tunnelling, .done: break
        }
    }

    /// Of our own services only reading is repeated.
    private var isIdempotent: Bool {
        operated?.isIdempotent ?? (request.head.method == "GET" || request.head.method == "HEAD")
    }
}
