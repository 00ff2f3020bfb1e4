import HTTPFields
import Kit
import NIOCore

/// A request to an upstream of the operator's.
extension Exchange {
    func forward(
        _ identity: EdgeAuthenticator.Identity?, _ route: RouteTable.Route, _ rules: OperatorRules
    ) {
        operated = request.operated(identity, route, rules)
        self.identity = identity
        attempt(route)
    }

    func call(_ rules: OperatorRules) {
        guard var operated else { return fail(.badGateway) }
        if let place = request.recording?.sends(to: request.route?.service ?? "") {
            operated.fields.append("traceparent", place.description)
        }
        let isWhole = upload.isWhole
        let body: OperatorCall.Body =
            !isWhole ? .streamed : upload.waiting.readableBytes == 0 ? .none : .full(upload.waiting)
        let call = OperatorCall(operated, body, mayReuse: attempts == 1, receiver: self)
        phase = .waiting(.operated(call))
        upload.begins(isStreamed: !isWhole)
        if isWhole, attempts == 1 { front?.consumed(upload.waiting.readableBytes) }
        // Until there is a connection.
        if !isWhole { upload.isHeldUp = true }
        loop.pool(of: rules.upstream).begin(call)
    }

    func switched(_ fields: HeaderBlock, to side: OperatorConnection) {
        guard case .waiting = phase, let operated, let timeout = request.route?.timeout else { return side.close() }
        account.answers(101)
        request.recording?.answered(101)
        var answer = AnswerHead(101)
        _ = HeaderPolicy.answer(ofOperator: fields, ours: request.answerFields, to: &answer.fields)
        operated.webSocket?.answer(&answer.fields, fields)
        guard let caller = front?.switchProtocol(answer) else { return side.close() }
        let tunnel = Tunnel(caller: caller, upstream: side, patience: timeout, exchange: self)
        phase = .tunnelling(tunnel)
        tunnel.begin()
    }

    /// The tunnel is over.
    func tunnelEnded(_ outcome: AccessRecord.Outcome, received: Int, sent: Int) {
        account.outcome = outcome
        account.sent = sent
        upload.tunnelled(received)
        end()
    }

    /// Whether the token that let this in is still good.
    func isStillGood() -> Bool {
        guard let identity else { return true }
        return loop.authenticator.isGood(identity)
    }
}
