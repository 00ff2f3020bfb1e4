import HTTPFields
import Kit

extension PublicRequest {
    /// The head as an upstream of the operator's gets it: nothing internal is in it.
    func operated(
        _ identity: EdgeAuthenticator.Identity?, _ route: RouteTable.Route, _ rules: OperatorRules
    ) -> OperatorRequest {
        let webSocket = webSocket
        var fields = HeaderBlock()
        HeaderPolicy.forward(
            toOperator: head.fields, keepsAuthorization: rules.keepsAuthorization, isWebSocket: webSocket != nil,
            to: &fields)
        fields.append("x-request-id", id)
        if recording == nil { fields.append("traceparent", trace.description) }
        if let address { fields.append("x-forwarded-for", address.text) }
        fields.append("x-forwarded-proto", isFromSecure ? "https" : "http")
        let host = head.fields.value(of: "host")
        if let named = forwardedHost ?? host { fields.append("x-forwarded-host", named) }
        fields.append("via", "1.1 gatehouse")
        if let identity, let tenant { ForwardAuth.add(identity, tenant: tenant, to: &fields) }
        webSocket?.ask(&fields)
        return OperatorRequest(
            method: method, target: target(route, rules), fields: fields, host: rules.keepsHost ? host : nil,
            length: head.fields.value(of: "content-length").flatMap { Int($0) }, webSocket: webSocket)
    }

    /// What the caller asks for in place of HTTP, where the route lets him.
    var webSocket: WebSocketUpgrade? {
        route?.operated?.takesWebSockets == true ? WebSocketUpgrade(head) : nil
    }

    private func target(_ route: RouteTable.Route, _ rules: OperatorRules) -> String {
        guard let path else { return "/" }
        var own = path.path
        if rules.stripsPrefix, route.prefix != "/" {
            own = String(own.dropFirst(route.prefix.count))
            if own.isEmpty { own = "/" }
        }
        return rules.upstream.settings.path + own + path.query
    }

    /// Whether the caller came over TLS, by what is known here or by the word of a proxy of the operator's.
    private var isFromSecure: Bool {
        switch isFromProxy ? head.fields.value(of: "x-forwarded-proto") : nil {
        case "https": true
        case "http": false
        default: isSecure
        }
    }

    private var forwardedHost: String? { isFromProxy ? head.fields.value(of: "x-forwarded-host") : nil }
}
