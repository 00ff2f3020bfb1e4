public import Domain
public import HTTPTypes
public import Hummingbird
public import NIOCore

/// Who may call an operation. The gateway verifies access tokens; a service sees the outcome in `Call.principal`.
public enum Access: Sendable, Equatable {
    /// Anyone.
    case anyone
    /// Whoever has an access token of the tenant.
    case bearer
    /// Whoever has an access token with one of these roles.
    case role([String])
    /// Whoever holds a permission.
    case permission(Permission)
    /// Superusers alone: what is not one tenant's.
    case superuser
    /// Only another Gatehouse process: not routed by the gateway, not shown in OpenAPI.
    case processes

    /// Whoever has an access token with one of these roles.
    public static func role(_ roles: String...) -> Access { .role(roles) }
}

/// One route of a service: what OpenAPI says of it and what answers it, in one declaration.
public struct Operation: Sendable {
    /// What OpenAPI says.
    let declaration: Declaration
    /// What answers.
    let respond: @Sendable (Call) async throws -> Response
    /// What finds an answer that is there already.
    private(set) var recall: Recall?

    /// Finds the JSON that a caller would be answered with, where it is at hand; else the operation is asked.
    public typealias Recall = @Sendable (Caller) -> ByteBuffer?

    /// What OpenAPI says of a route.
    struct Declaration: Sendable {
        var method: HTTPRequest.Method
        var path: String
        var id: String
        var tag: String
        var summary: String
        var access: Access
        var bodySchema: (@Sendable () -> (name: String, schema: Schema))?
        var bodyFormats: [BodyFormat] = []
        var querySchema: (@Sendable () -> [Schema.Property])?
        /// Bytes of a body that is taken as it comes; nil where it is gathered first.
        var streamLimit: Int?
        /// The media types of such a body, and what one of its records says.
        var streamTypes: [String] = []
        var recordSchema: (@Sendable () -> (name: String, schema: Schema))?
        var answer: Answer
        var problems: [(status: Int, code: String)]
        /// Further successes, without content.
        var alternatives: [(status: Int, description: String)] = []
        var speaksOAuth: Bool
        /// Whether answers carry an entity tag, and changes may be bound to one.
        var isConditional = false
        /// Whether a request may carry a key under which it takes effect once.
        var isIdempotent = false
    }

    /// What a success looks like.
    struct Answer: Sendable {
        var status: HTTPResponse.Status
        var mediaType: String?
        var schema: (@Sendable (_ components: inout [String: Schema]) -> Schema)?
    }

    init(declaration: Declaration, respond: @escaping @Sendable (Call) async throws -> Response) {
        self.declaration = declaration
        let access = declaration.access
        guard access != .anyone, access != .processes else {
            self.respond = respond
            return
        }
        self.respond = { call in
            switch access {
            case .anyone, .processes: break
            case .bearer: _ = try call.authenticated()
            case .role(let roles):
                guard try call.authenticated().roles.contains(where: roles.contains) else { throw Problem.forbidden }
            case .permission(let permission):
                guard try await call.permissions().contains(permission) else {
                    throw Problem.forbidden("This needs the permission \(permission.rawValue).")
                }
            case .superuser:
                guard try await call.permissions() == .everything else { throw Problem.forbidden }
            }
            return try await respond(call)
        }
    }

    /// The same, asked for what it has at hand before any of a request is taken apart. For a GET whose path has no
    /// placeholders, whose access is `bearer` and whose answer is the same for all requests of one caller.
    public func recalling(_ recall: @escaping Recall) -> Operation {
        var operation = self
        operation.recall = recall
        return operation
    }
}

/// Names a route and says who may call it; the functions on it add body, answer and handler.
public struct Route: Sendable {
    var declaration: Operation.Declaration

    /// A route.
    /// - Parameters:
    ///   - method: The method.
    ///   - path: The path, placeholders in braces.
    ///   - id: The `operationId`, unique over all services.
    ///   - tag: The area it is listed under.
    ///   - summary: One line.
    ///   - access: Who may call it.
    public init(
        _ method: HTTPRequest.Method, _ path: String, id: String, tag: String, summary: String, access: Access = .anyone
    ) {
        declaration = .init(
            method: method, path: path, id: id, tag: tag, summary: summary, access: access,
            answer: .init(status: .ok), problems: [], speaksOAuth: false)
    }

    /// Adds a problem it may answer with, beside those that every route of its kind may.
    public func problem(_ status: HTTPResponse.Status, _ code: String) -> Route {
        var route = self
        route.declaration.problems.append((status.code, code))
        return route
    }

    /// Adds another success, one without content.
    public func also(_ status: HTTPResponse.Status, _ description: String) -> Route {
        var route = self
        route.declaration.alternatives.append((status.code, description))
        return route
    }

    /// Says that errors have the shape of RFC 6749 §5.2 instead of problem details.
    public func speakingOAuth() -> Route {
        var route = self
        route.declaration.speaksOAuth = true
        return route
    }

    /// Says that answers carry an `ETag`. A route that changes something takes it back in `If-Match`: its handler asks
    /// `Call.requireMatch`.
    public func conditional() -> Route {
        var route = self
        route.declaration.isConditional = true
        if route.declaration.method != .get { route.declaration.problems.append((412, "precondition_failed")) }
        return route
    }

    /// Says that a request may carry an `Idempotency-Key`: its handler runs by `IdempotencyKeys.once`.
    public func idempotent() -> Route {
        var route = self
        route.declaration.isIdempotent = true
        route.declaration.problems += [
            (400, "invalid_idempotency_key"), (409, "idempotency_key_in_use"), (422, "idempotency_key_reused"),
        ]
        return route
    }

    /// Takes a body and answers with content.
    public func handle<Input: RequestContent, Output: ResponseContent>(
        _: Input.Type, formats: [BodyFormat] = [.json], status: HTTPResponse.Status = .ok,
        _ handler: @escaping @Sendable (Call, Input) async throws -> Output
    ) -> Operation {
        var route = self
        route.take(Input.self, formats)
        route.answer(Output.self, status)
        let isTagged = route.declaration.isConditional
        return Operation(declaration: route.declaration) { call in
            let input = try FieldReader.content(Input.self, from: call.members(formats))
            return .content(try await handler(call, input), status: status, isTagged: isTagged)
        }
    }

    /// Takes a body and answers with 204.
    public func perform<Input: RequestContent>(
        _: Input.Type, formats: [BodyFormat] = [.json],
        _ handler: @escaping @Sendable (Call, Input) async throws -> Void
    ) -> Operation {
        var route = self
        route.take(Input.self, formats)
        route.declaration.answer = .init(status: .noContent)
        return Operation(declaration: route.declaration) { call in
            try await handler(call, FieldReader.content(Input.self, from: call.members(formats)))
            return Response(status: .noContent)
        }
    }

    /// Takes no body and answers with content.
    public func handle<Output: ResponseContent>(
        status: HTTPResponse.Status = .ok, _ handler: @escaping @Sendable (Call) async throws -> Output
    ) -> Operation {
        var route = self
        route.answer(Output.self, status)
        let isTagged = route.declaration.isConditional
        return Operation(declaration: route.declaration) { call in
            .content(try await handler(call), status: status, isTagged: isTagged)
        }
    }

    /// Takes no body and answers with content that is already written.
    public func answer<Output: ResponseContent>(
        _: Output.Type, status: HTTPResponse.Status = .ok,
        _ handler: @escaping @Sendable (Call) async throws -> Response
    ) -> Operation {
        var route = self
        route.answer(Output.self, status)
        return Operation(declaration: route.declaration, respond: handler)
    }

    /// Takes parameters in the query and answers with content.
    public func handle<Query: RequestContent, Output: ResponseContent>(
        query: Query.Type, status: HTTPResponse.Status = .ok,
        _ handler: @escaping @Sendable (Call, Query) async throws -> Output
    ) -> Operation {
        var route = self
        route.declaration.querySchema = { FieldReader.properties(of: Query.self) }
        route.answer(Output.self, status)
        let isTagged = route.declaration.isConditional
        return Operation(declaration: route.declaration) { call in
            .content(try await handler(call, call.query(Query.self)), status: status, isTagged: isTagged)
        }
    }

    /// Takes no body and answers with 204.
    public func perform(_ handler: @escaping @Sendable (Call) async throws -> Void) -> Operation {
        var route = self
        route.declaration.answer = .init(status: .noContent)
        return Operation(declaration: route.declaration) { call in
            try await handler(call)
            return Response(status: .noContent)
        }
    }

    /// Takes a body and answers with content that is already written, such as another process's answer passed on.
    public func respond<Input: RequestContent, Output: ResponseContent>(
        _: Input.Type, formats: [BodyFormat] = [.json], answer: Output.Type, status: HTTPResponse.Status = .ok,
        _ handler: @escaping @Sendable (Call, Input) async throws -> Response
    ) -> Operation {
        var route = self
        route.take(Input.self, formats)
        route.answer(Output.self, status)
        return Operation(declaration: route.declaration) { call in
            try await handler(call, FieldReader.content(Input.self, from: call.members(formats)))
        }
    }

    /// Takes a body and answers with a status and headers alone.
    public func acknowledge<Input: RequestContent>(
        _: Input.Type, formats: [BodyFormat] = [.json], status: HTTPResponse.Status = .ok,
        _ handler: @escaping @Sendable (Call, Input) async throws -> Response
    ) -> Operation {
        var route = self
        route.take(Input.self, formats)
        route.declaration.answer = .init(status: status)
        return Operation(declaration: route.declaration) { call in
            try await handler(call, FieldReader.content(Input.self, from: call.members(formats)))
        }
    }

    /// Answers with a response of its own making.
    /// - Parameters:
    ///   - status: The success's status.
    ///   - mediaType: Its body's, or nil when it has none.
    public func raw(
        status: HTTPResponse.Status = .ok, mediaType: String? = "application/json",
        _ handler: @escaping @Sendable (Call) async throws -> Response
    ) -> Operation {
        var route = self
        route.declaration.answer = .init(status: status, mediaType: mediaType) { _ in .anyObject }
        return Operation(declaration: route.declaration, respond: handler)
    }

    private mutating func take<Input: RequestContent>(_: Input.Type, _ formats: [BodyFormat]) {
        declaration.bodyFormats = formats
        declaration.bodySchema = { (String(describing: Input.self), FieldReader.schema(of: Input.self)) }
    }

    mutating func answer<Output: ResponseContent>(_: Output.Type, _ status: HTTPResponse.Status) {
        declaration.answer = .init(status: status, mediaType: "application/json") { components in
            SchemaSink.reference(to: Output.self, components: &components)
        }
    }
}

extension Response {
    /// Content as JSON, never stored by a cache.
    /// - Parameter isTagged: Whether it carries its entity tag.
    public static func content(
        _ content: some ResponseContent, status: HTTPResponse.Status = .ok, isTagged: Bool = false
    ) -> Response {
        let body = JSONFieldSink.json(content).buffer
        var response = json(body, status: status)
        if isTagged { response.headers[.eTag] = EntityTag(body: body).text }
        return response
    }

    /// JSON that is already written, never stored by a cache unless `cacheControl` says otherwise.
    public static func json(
        _ buffer: ByteBuffer, status: HTTPResponse.Status = .ok, cacheControl: String = "no-store"
    ) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: cacheControl],
            body: ResponseBody(byteBuffer: buffer))
    }
}
