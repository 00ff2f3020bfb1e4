import HTTPFields
import Domain
import HTTP2
import HTTPTypes
import Kit
import NIOCore
import NIOHTTP1
import Tokens

/// A request from outside, as far as it is known: admitted, routed and given its tenant before its body is read.
struct PublicRequest {
    let id: String
    let head: HTTPRequestHead
    /// Where it comes from, as far as that can be believed.
    let address: Address?
    /// Whether it comes from a proxy that the operator named.
    let isFromProxy: Bool
    let traceparent: String
    var body = ByteBuffer()
    private(set) var path = RequestPath("/")
    private(set) var route: RouteTable.Route?
    private(set) var tenant: Tenant?
    /// The method, which for an alias is that of what it stands for.
    private var method: String
    /// The fields that go with any answer to it.
    private(set) var answerFields: [(name: String, value: String)] = []
    private let loop: GatewayLoop

    init(head: HTTPRequestHead, peer: Address?, loop: GatewayLoop) {
        self.head = head
        self.loop = loop
        address = loop.environment.clientAddress.judge(peer: peer, head.headers)
        isFromProxy = loop.environment.clientAddress.isProxy(peer)
        method = head.method.rawValue
        answerFields = loop.environment.securityHeaders.fields
        let identifiers = loop.environment.identifiers
        id = RequestID.accepting(head.headers.first(name: "x-request-id"), identifiers).text
        let inbound = head.headers.first(name: "traceparent").flatMap { TraceParent($0) }
        let trace = TraceContext(
            continuing: inbound, state: head.headers.first(name: "tracestate"), identifiers)
        traceparent = trace.parent.description
    }

    /// Bytes of body the route takes.
    var bodyLimit: Int { route?.bodyLimit ?? 0 }

    /// Adds fields to whatever the answer will be.
    mutating func note(_ fields: [(name: String, value: String)]) { answerFields += fields }

    /// Finds route and tenant, or says why the request goes no further.
    mutating func admit() -> Problem? {
        guard var problem = judge() else { return nil }
        problem.add(answerFields)
        return problem
    }

    private mutating func judge() -> Problem? {
        switch head.method {
        case .GET, .HEAD, .POST, .PUT, .PATCH, .DELETE, .OPTIONS: break
        default: return Problem(.notImplemented, "method_not_implemented", "This method is not known here")
        }
        guard head.version.major == 1, head.headers[canonicalForm: "host"].count <= 1 else {
            return .malformed("A request names one host.")
        }
        guard var path = RequestPath(head.uri) else { return .malformed("The path can be read in more than one way.") }
        let environment = loop.environment
        let routes = environment.routes.current
        if let target = routes.resolve(alias: path.path, method: method) {
            (method, path.path) = target
        }
        self.path = path
        guard let route = routes.route(path.path) else { return .notFound }
        self.route = route
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > route.bodyLimit {
            return .payloadTooLarge
        }
        let resolver = TenantResolver(tenants: environment.tenants)
        switch resolver.resolve(
            slug: path.tenant, host: head.headers.first(name: "host"), header: head.headers.first(name: "x-tenant"))
        {
        case .tenant(let tenant): self.tenant = tenant
        case .unknown:
            // What the gateway answers itself belongs to no tenant, and has to work before any is known.
            guard route.service == "gateway" else { return .notFound }
        }
        if route.audience == .everybody {
            answerFields = environment.securityHeaders.forEverybody
        }
        answerFields += environment.crossOrigin.fields(head.headers, tenant: tenant, for: route.audience)
        return nil
    }

    /// The fields that answer a page's question what it may send; nil when this is no such question.
    func preflight() -> Result<[(name: String, value: String)], Problem>? {
        guard let route, CrossOrigin.isPreflight(head) else { return nil }
        let crossOrigin = loop.environment.crossOrigin
        guard let fields = crossOrigin.preflight(head.headers, tenant: tenant, for: route.audience) else {
            return .failure(
                Problem(.forbidden, "origin_not_allowed", "Pages of this origin may not call this with that method"))
        }
        return .success(fields)
    }

    /// The head as the service gets it.
    func forwarded(_ identity: EdgeAuthenticator.Identity?) -> HeaderBlock {
        var block = HeaderBlock()
        // A service answers HEAD as GET; the front leaves the body out.
        block.append(":method", method == "HEAD" ? "GET" : method)
        block.append(":scheme", "http")
        block.append(":authority", route?.service ?? "")
        block.append(":path", (path?.path ?? "/") + (path?.query ?? ""))
        loop.environment.internalKey.reveal { block.append(InternalHeader.key, $0) }
        if let tenant { block.append(InternalHeader.tenant, tenant.id.text) }
        if let address { block.append(InternalHeader.address, address.text) }
        block.append(InternalHeader.requestID, id, unindexed: true)
        block.append(InternalHeader.traceparent, traceparent, unindexed: true)
        if let identity {
            block.append(InternalHeader.subject, identity.claims.subject)
            if let session = identity.claims.session { block.append(InternalHeader.session, session) }
            block.append(InternalHeader.client, identity.claims.clientID)
            if !identity.claims.scope.isEmpty { block.append(InternalHeader.scope, identity.claims.scope) }
            if !identity.roles.isEmpty { block.append(InternalHeader.roles, identity.roles) }
            block.append(InternalHeader.token, identity.claims.id)
            if identity.claims.epoch > 0 { block.append(InternalHeader.epoch, String(identity.claims.epoch)) }
        }
        HeaderPolicy.forward(
            head.headers, keepsBasic: route?.authentication == RouteTable.Authentication.none, to: &block)
        return block
    }
}

extension Problem {
    /// Adds fields to the answer.
    mutating func add(_ fields: [(name: String, value: String)]) {
        for (name, value) in fields {
            guard let name = HTTPField.Name(name) else { continue }
            headers.append(HTTPField(name: name, value: value))
        }
    }
}
