import Directory
import Domain
import HTTPFields
import HTTPTypes
import Kit
import NIOCore
import Tokens

/// A request from outside, as far as it is known: admitted, routed and given its tenant before its body is read.
///
/// A class, since it is handed on often: a struct would cost each step a retain for every field. Lives on its event loop.
final class PublicRequest {
    let id: String
    let head: PublicHead
    /// Where it comes from, as far as that can be believed.
    let address: Address?
    /// Whether it comes from a proxy that the operator named.
    let isFromProxy: Bool
    var body = ByteBuffer()
    private(set) var path = RequestPath("/")
    private(set) var route: RouteTable.Route?
    private(set) var tenant: Tenant?
    /// The fields that go with any answer to it, but for `contentSecurityPolicy`.
    var answerFields = HeaderBlock()
    /// The method, which for an alias is that of what it stands for.
    private(set) var method: String
    let trace: TraceParent
    /// Its spans, where the trace is recorded.
    let recording: RequestTrace?
    /// Whether it came over TLS.
    let isSecure: Bool
    private let loop: GatewayLoop

    init(head: PublicHead, peer: Address?, isSecure: Bool, loop: GatewayLoop) {
        self.head = head
        self.isSecure = isSecure
        self.loop = loop
        address = loop.environment.clientAddress.judge(peer: peer, head.fields)
        isFromProxy = loop.environment.clientAddress.isProxy(peer)
        method = head.method
        let inbound = head.fields.withValue(of: "x-request-id") { RequestID(inbound: $0) } ?? nil
        id = (inbound ?? RequestID(loop.environment.identifiers)).text
        let caller = head.fields.withValue(of: "traceparent") { TraceParent($0) } ?? nil
        let own = TraceContext(continuing: caller, loop.environment.identifiers).parent
        if let tracing = loop.environment.tracing {
            let isRecorded = tracing.sampler.records(own.traceID, parent: caller)
            trace = TraceParent(traceID: own.traceID, spanID: own.spanID, isSampled: isRecorded)
            recording =
                isRecorded ? RequestTrace(tracing.recorder, trace, parent: caller?.spanID, method: head.method) : nil
        } else {
            (trace, recording) = (own, nil)
        }
        // Not into HTTP/2's tables, which a connection keeps: no other answer could use it.
        answerFields.append("date", loop.date.now(), unindexed: true)
        answerFields.append(InternalHeader.requestID, id, unindexed: true)
    }

    /// Bytes of body the route takes.
    var bodyLimit: Int { route?.bodyLimit ?? 0 }

    /// The fields of an answer that is no page of our own.
    var ordinaryAnswerFields: HeaderBlock {
        var fields = answerFields
        fields.append(contentsOf: loop.environment.securityHeaders.contentSecurityPolicy)
        return fields
    }

    /// Finds route and tenant, or says why the request goes no further.
    func admit() -> Problem? {
        let problem = judge()
        if route?.audience == .everybody {
            answerFields.append(contentsOf: loop.environment.securityHeaders.forEverybody)
        } else {
            answerFields.append(contentsOf: loop.environment.securityHeaders.fields)
        }
        if problem == nil, let route {
            loop.environment.crossOrigin.add(to: &answerFields, for: head.fields, tenant: tenant, route.audience)
        }
        return problem
    }

    /// Bytes of a path of our own services', without its query.
    private static let longestOwnPath = 512
    /// Bytes of `Connection` fields, all together.
    private static let longestConnection = 1024

    /// Whether the fields that name others stay within what is looked at: each name is looked for among all fields.
    private static func connectionIsShort(_ fields: HeaderBlock) -> Bool {
        guard (fields.withValue(of: "connection") { $0.count > 32 || fields.occurrences(of: "connection") > 1 }) == true
        else { return true }
        var length = 0
        fields.forEach { name, value in if name.equals("connection") { length += value.count + 1 } }
        return length <= longestConnection
    }

    private func judge() -> Problem? {
        switch head.method {
        case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS": break
        default: return .unknownMethod
        }
        guard var path = RequestPath(head.target) else {
            return .malformed("The path can be read in more than one way.")
        }
        let routes = loop.environment.routes.current
        if let target = routes.resolve(alias: path.path, method: method) {
            (method, path.path) = target
        }
        self.path = path
        guard let route = routes.route(path.path, method: routedMethod) else { return .notFound }
        self.route = route
        // No path of ours is as long, and what finds it in a service goes by characters.
        guard route.operated != nil || path.path.utf8.count <= Self.longestOwnPath else { return .notFound }
        guard Self.connectionIsShort(head.fields) else {
            return .malformed("The Connection field names too many fields.")
        }
        if let length = head.fields.value(of: "content-length").flatMap({ Int($0) }), length > route.bodyLimit {
            return .payloadTooLarge
        }
        let resolver = TenantResolver(tenants: loop.environment.tenants)
        switch resolver.resolve(slug: path.tenant, head.fields) {
        case .tenant(let tenant): self.tenant = tenant
        case .unknown:
            // What the gateway answers itself belongs to no tenant, and has to work before any is known.
            let isKnown = loop.environment.tenants.isLoaded
            guard route.service == "gateway" else { return isKnown ? .notFound : .unavailable() }
        }
        return nil
    }

    /// What routes for one method are compared with: HEAD goes with GET, and a page that asks what it may send with what
    /// it asks about.
    private var routedMethod: String {
        let asked = CrossOrigin.isPreflight(head) ? head.fields.value(of: "access-control-request-method") : nil
        let meant = asked ?? method
        return meant == "HEAD" ? "GET" : meant
    }

    /// The fields that answer a page's question what it may send; nil when this is no such question.
    func preflight() -> Result<HeaderBlock, Problem>? {
        guard let route, CrossOrigin.isPreflight(head) else { return nil }
        var fields = ordinaryAnswerFields
        let isAllowed = loop.environment.crossOrigin.addPreflight(
            to: &fields, for: head.fields, tenant: tenant, route.audience)
        guard isAllowed else {
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
        block.append(":path", path?.path ?? "/", path?.query ?? "")
        block.append(contentsOf: loop.internalKey)
        if let tenant { block.append(InternalHeader.tenant, tenant.idText) }
        // One of many, whom HTTP/2's tables have no room for.
        if let address { block.append(InternalHeader.address, address.text, unindexed: true) }
        block.append(InternalHeader.requestID, id, unindexed: true)
        // A trace that is recorded has a span for each time the request is sent, which the service goes on from.
        if recording == nil { trace.withText { block.append(InternalHeader.traceparent, $0, unindexed: true) } }
        if let identity { block.append(contentsOf: identity.fields) }
        HeaderPolicy.forward(
            head.fields, keepsBasic: route?.authentication == RouteTable.Authentication.none, to: &block)
        return block
    }
}

extension Problem {
    static let unknownMethod = Problem(.notImplemented, "method_not_implemented", "This method is not known here")
}
