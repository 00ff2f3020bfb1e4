public import Domain
import FoundationEssentials
import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
import Octets
public import Spans

/// Turns a request into an answer: knows the caller, routes, runs the handler, and gives every error its shape.
///
/// A class, as it goes into the task of each request.
public final class ServiceResponder: Sendable {
    private let router: RouterResponder<ServiceContext>
    private typealias Endpoint = (path: PathTemplate, declaration: Operation.Declaration)

    private let endpoints: [Endpoint]
    private let streaming: [Endpoint]
    private let literals: LiteralRoutes
    private let ops: OpsEndpoints
    private let internalKey: InternalKey
    private let logger: Logger
    private let metrics: OperationMetricsTable
    private let recorder: SpanRecorder?
    private let isRevoked: @Sendable (RevocableToken) -> Bool
    private let lookUpRoles: Call.RoleLookup?
    /// What is answered without a task.
    let recalled: RecalledAnswers

    /// A responder of those endpoints.
    /// - Parameters:
    ///   - endpoints: The service's routes.
    ///   - ops: Health and metrics, answered without the internal key.
    ///   - internalKey: What every other request has to bring.
    ///   - logger: Where failures are told.
    ///   - isRevoked: Whether a token that the gateway accepted was revoked, as far as this process has heard.
    ///   - lookUpRoles: Finds what a user's roles give, for tokens that could not hold it.
    ///   - recorder: Where the spans of recorded traces go; nil where none are recorded.
    public init(
        endpoints: [Operation], ops: OpsEndpoints, internalKey: InternalKey, logger: Logger,
        isRevoked: @escaping @Sendable (RevocableToken) -> Bool = { _ in false }, lookUpRoles: Call.RoleLookup? = nil,
        recorder: SpanRecorder? = nil
    ) {
        self.recorder = recorder
        let fragment = OpenAPI.fragment(of: endpoints)
        let description = Route(
            .get, "/internal/openapi", id: "openapiFragment", tag: "internal", summary: "This service's part",
            access: .processes
        ).raw { _ in
            var json = JSONWriter()
            json.value(fragment)
            return .json(json.buffer)
        }
        let all = endpoints + [description]
        let router = Router(context: ServiceContext.self)
        for endpoint in all {
            let respond = endpoint.respond
            router.on(RouterPath(endpoint.declaration.path), method: endpoint.declaration.method) { _, context in
                try await respond(context.call.with(parameters: context.parameters))
            }
        }
        self.router = router.buildResponder()
        self.endpoints = all.map { (PathTemplate($0.declaration.path), $0.declaration) }
        streaming = self.endpoints.filter { $0.declaration.streamLimit != nil }
        self.ops = ops
        self.internalKey = internalKey
        self.logger = logger
        self.isRevoked = isRevoked
        self.lookUpRoles = lookUpRoles
        let metrics = OperationMetricsTable(all)
        self.metrics = metrics
        literals = LiteralRoutes(all, metrics)
        recalled = RecalledAnswers(
            all, metrics, internalKey: internalKey, recordsTraces: recorder != nil, isRevoked: isRevoked)
    }

    /// How many bytes of a request's body are taken as they come; nil when it is gathered first.
    func streamLimit(of head: HTTPRequest) -> Int? {
        guard !streaming.isEmpty else { return nil }
        let segments = PathTemplate.segments(of: head.path ?? "/")
        return streaming.first { $0.declaration.method == head.method && $0.path.fits(segments) }?.declaration
            .streamLimit
    }

    /// Answers one request.
    /// - Parameters:
    ///   - body: The whole body, or nothing of one that comes by `stream`.
    ///   - stream: The body as it comes.
    func respond(to inbound: InboundRequest, body: ByteBuffer, stream: BodyStream? = nil) async -> Response {
        let path = inbound.head.path ?? "/"
        if let response = await ops.respond(to: path) { return response }
        let requestID = inbound.requestID ?? UUID.v7().text
        guard internalKey.matches(inbound.key) else {
            return Problem(
                .unauthorized, "internal_key_required", "This process answers only other Gatehouse processes"
            ).response(requestID: requestID)
        }
        let tenant = inbound.tenant ?? DefaultTenant.id
        let principal = inbound.principal
        // The gateway has looked already, but may have been cut off from the events for a moment.
        if let principal, isRevoked(principal.revocable(in: tenant)) {
            return Problem.invalidToken.response(requestID: requestID)
        }
        let call = Call(
            requestID: requestID, tenant: tenant, principal: principal, address: inbound.address, head: inbound.head,
            body: body, stream: stream, parameters: .init(), traceparent: inbound.traceparent, processLogger: logger,
            lookUpRoles: lookUpRoles, isRevoked: isRevoked)
        guard let recorder, let place = SpanContext(inbound.traceparent.flatMap { TraceParent($0) }, recorder) else {
            return await respond(to: call).response
        }
        return await respond(to: call, recordedAt: place)
    }

    /// Answers a request of a trace that is recorded. Of its own, so that others have no room for spans.
    private func respond(to call: Call, recordedAt place: SpanContext) async -> Response {
        var span = place.begin(call.head.method.rawValue, .server)
        span.set("http.request.method", call.head.method.rawValue)
        let (response, template) = await SpanContext.$current.withValue(span.context) {
            await respond(to: call.with(place: span.context))
        }
        if let template {
            span.rename("\(call.head.method.rawValue) \(template)")
            span.set("http.route", template)
        }
        span.set("gatehouse.request_id", call.requestID)
        span.set("http.response.status_code", response.status.code)
        if response.status.code >= 500 { span.fail(String(response.status.code)) }
        span.end()
        return response
    }

    /// - Returns: The answer, and the template of the path it belongs to.
    private func respond(to call: Call) async -> (response: Response, template: String?) {
        let started = NIODeadline.now()
        if let entry = literals[call] {
            let response: Response
            do {
                response = try await entry.operation.respond(call)
            } catch {
                response = failure(error, call, endpoint: entry.operation.declaration.path)
            }
            entry.metrics.count(response.status, nanoseconds: (NIODeadline.now() - started).nanoseconds)
            return (response, entry.operation.declaration.path)
        }
        let context = ServiceContext(source: .init(call: call))
        let request = Request(head: call.head, body: .init(buffer: call.body))
        let response: Response
        let methods: OperationMetricsTable.Methods?
        do {
            let routed = try await router.respond(to: request, context: context)
            methods = context.endpointPath.flatMap { metrics[$0] }
            response = methods == nil ? unrouted(call).response(requestID: call.requestID) : routed
        } catch {
            methods = context.endpointPath.flatMap { metrics[$0] }
            response = failure(error, call, endpoint: context.endpointPath)
        }
        if let metrics = methods?[call.head.method] {
            metrics.count(response.status, nanoseconds: (NIODeadline.now() - started).nanoseconds)
        }
        return (response, context.endpointPath)
    }

    /// Gives an error its shape: OAuth endpoints speak RFC 6749, all others problem details.
    private func failure(_ error: any Error, _ call: Call, endpoint path: String?) -> Response {
        let speaksOAuth = endpoints.contains { $0.declaration.path == path && $0.declaration.speaksOAuth }
        if let error = error as? OAuthError { return error.response() }
        let problem: Problem
        if let known = error as? Problem {
            problem = known
        } else if let known = error as? any ProblemRepresentable {
            problem = known.problem
            if problem.status.code >= 500 {
                call.logger.warning("request failed", metadata: ["error": "\(error)"])
            }
        } else {
            problem = .internalError
            call.logger.error("request failed unexpectedly", metadata: ["error": "\(error)"])
        }
        return speaksOAuth ? problem.asOAuthError.response() : problem.response(requestID: call.requestID)
    }

    /// 405 when the path is known by another method, else 404.
    private func unrouted(_ call: Call) -> Problem {
        let segments = PathTemplate.segments(of: call.head.path ?? "/")
        let others = endpoints.filter { $0.path.fits(segments) }
        return others.isEmpty ? .notFound : .methodNotAllowed(others.map(\.declaration.method))
    }
}

/// A route's path, taken apart once: nobody has to prove anything to ask for a path that there is not.
private struct PathTemplate: Sendable {
    private let segments: [(text: Substring, isOpen: Bool)]

    init(_ path: String) {
        segments = path.words(between: "/").map { ($0, $0.utf8.first == UInt8(ascii: "{")) }
    }

    /// The segments of a request's path, without its query.
    static func segments(of path: String) -> [Substring] {
        path[..<(path.utf8.firstIndex(of: UInt8(ascii: "?")) ?? path.endIndex)].words(between: "/")
    }

    func fits(_ others: [Substring]) -> Bool {
        segments.count == others.count && zip(segments, others).allSatisfy { $0.isOpen || $0.text == $1 }
    }
}

/// An error that knows how the caller should see it.
public protocol ProblemRepresentable: Error {
    /// What the caller sees.
    var problem: Problem { get }
}

extension Problem {
    /// The same in the shape of RFC 6749 §5.2.
    var asOAuthError: OAuthError {
        switch status.code {
        case 503:
            OAuthError("temporarily_unavailable", "Try again in a moment.", status: .serviceUnavailable)
        case 500...: OAuthError("server_error", "Something went wrong on our side.", status: status)
        case 401: OAuthError("invalid_client", "The client is not known.", status: .unauthorized)
        default:
            // The first field at fault: its name and rule are our own words, and printable ASCII (RFC 6749 §5.2).
            OAuthError("invalid_request", errors.first.map { "\($0.pointer.dropFirst()): \($0.detail)" } ?? title + ".")
        }
    }
}

extension Call {
    func with(parameters: Parameters) -> Call {
        Call(
            requestID: requestID, tenant: tenant, principal: principal, address: address, head: head, body: body,
            stream: stream, parameters: parameters, traceparent: traceparent, processLogger: processLogger,
            lookUpRoles: lookUpRoles, isRevoked: isRevoked)
    }

    /// The same at a place in a recorded trace, which is passed on.
    func with(place: SpanContext) -> Call {
        Call(
            requestID: requestID, tenant: tenant, principal: principal, address: address, head: head, body: body,
            stream: stream, parameters: parameters, traceparent: TraceParent(place)?.description ?? traceparent,
            processLogger: processLogger, lookUpRoles: lookUpRoles, isRevoked: isRevoked)
    }
}
