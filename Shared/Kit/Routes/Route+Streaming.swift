import HTTPTypes
public import Hummingbird

extension Route {
    /// Takes a body as it comes, in one of `mediaTypes`, beside parameters in the query, and answers with content. What
    /// the handler does not take waits at the caller.
    /// - Parameters:
    ///   - records: What the body is made of, as OpenAPI says it; the handler reads them itself.
    ///   - limit: Bytes that the body may have.
    public func stream<Query: RequestContent, Record: RequestContent, Output: ResponseContent>(
        query: Query.Type, records: Record.Type, mediaTypes: [String], limit: Int, answer: Output.Type,
        _ handler: @escaping @Sendable (Call, Query, BodyStream) async throws -> Output
    ) -> Operation {
        var route = self
        route.declaration.querySchema = { FieldReader.properties(of: Query.self) }
        route.declaration.streamLimit = limit
        route.declaration.streamTypes = mediaTypes
        route.declaration.recordSchema = { (String(describing: Record.self), FieldReader.schema(of: Record.self)) }
        route.declaration.problems += [(413, "payload_too_large"), (415, "unsupported_media_type")]
        route.answer(Output.self, .ok)
        return Operation(declaration: route.declaration) { call in
            guard let type = call.mediaType, mediaTypes.contains(type) else {
                throw Problem.unsupportedMediaType(mediaTypes.joined(separator: " or "))
            }
            let query = try call.query(Query.self)
            return .content(try await handler(call, query, call.stream ?? BodyStream(whole: call.body)))
        }
    }

    /// Takes parameters in the query and answers with a response of its own making, such as one that is written part by
    /// part.
    /// - Parameter mediaType: Its body's.
    public func respond<Query: RequestContent>(
        query: Query.Type, mediaType: String,
        _ handler: @escaping @Sendable (Call, Query) async throws -> Response
    ) -> Operation {
        var route = self
        route.declaration.querySchema = { FieldReader.properties(of: Query.self) }
        route.declaration.answer = .init(status: .ok, mediaType: mediaType) { _ in .string() }
        return Operation(declaration: route.declaration) { call in
            try await handler(call, call.query(Query.self))
        }
    }
}

extension Call {
    /// The media type of the body, without its parameters.
    public var mediaType: String? {
        // Field by field: the subscript, which joins what stands twice, costs as much as reading a small body.
        var found: String?
        for field in head.headerFields where field.name == .contentType {
            found = found.map { $0 + ", " + field.value } ?? field.value
        }
        guard let type = found, !BodyFormat.allCases.contains(where: { $0.mediaType == type }) else { return found }
        let bytes = type.utf8.prefix { $0 != UInt8(ascii: ";") }.filter {
            $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t")
        }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }
}
