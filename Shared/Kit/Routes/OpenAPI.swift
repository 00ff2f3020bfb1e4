import Domain
import HTTPTypes

/// Writes OpenAPI 3.1 from the endpoints themselves.
public enum OpenAPI {
    /// The part of the document that one service contributes: its paths and schemas.
    public static func fragment(of endpoints: [Operation]) -> JSONValue {
        var components: [String: Schema] = [:]
        var paths: [(path: String, operations: [JSONValue.Member])] = []
        for endpoint in endpoints where endpoint.declaration.access != .processes {
            let operation = endpoint.declaration
            let member = JSONValue.Member(operation.method.rawValue.lowercased(), describe(operation, &components))
            if let index = paths.firstIndex(where: { $0.path == operation.path }) {
                paths[index].operations.append(member)
            } else {
                paths.append((operation.path, [member]))
            }
        }
        let schemas = components.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value.json) }
        return .object([
            .init("paths", .object(paths.map { .init($0.path, .object($0.operations)) })),
            .init("components", .object([.init("schemas", .object(schemas))])),
        ])
    }

    /// The whole document, put together from every service's part.
    /// - Parameters:
    ///   - fragments: The parts; of two equal paths or schemas the first counts.
    ///   - server: The public base URL.
    ///   - version: Gatehouse's version.
    public static func document(_ fragments: [JSONValue], server: String, version: String) -> JSONValue {
        var paths: [JSONValue.Member] = []
        var schemas: [JSONValue.Member] = [.init("Problem", problemSchema.json), .init("OAuthError", oauthSchema.json)]
        for fragment in fragments {
            for case let path in members(fragment["paths"]) where !paths.contains(where: { $0.name == path.name }) {
                paths.append(path)
            }
            for schema in members(fragment["components"]?["schemas"])
            where !schemas.contains(where: { $0.name == schema.name }) {
                schemas.append(schema)
            }
        }
        paths.sort { $0.name < $1.name }
        let bearer = JSONValue.object([
            .init("type", .string("http")), .init("scheme", .string("bearer")), .init("bearerFormat", .string("JWT")),
        ])
        return .object([
            .init("openapi", .string("3.1.0")),
            .init(
                "info",
                .object([
                    .init("title", .string("Gatehouse")), .init("version", .string(version)),
                    .init("summary", .string("Authentication and tokens for many tenants")),
                    .init(
                        "license",
                        .object([.init("name", .string("Apache-2.0")), .init("identifier", .string("Apache-2.0"))])),
                ])),
            .init("servers", .array([.object([.init("url", .string(server))])])),
            .init("paths", .object(paths)),
            .init(
                "components",
                .object([
                    .init("schemas", .object(schemas)),
                    .init("securitySchemes", .object([.init("bearer", bearer)])),
                ])),
        ])
    }

    private static func describe(_ operation: Operation.Declaration, _ components: inout [String: Schema]) -> JSONValue
    {
        var members: [JSONValue.Member] = [
            .init("operationId", .string(operation.id)),
            .init("tags", .array([.string(operation.tag)])),
            .init("summary", .string(operation.summary)),
        ]
        let placeholders = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }
        let parameters =
            placeholders.map {
                parameter(.init(name: String($0.dropFirst().dropLast()), schema: .string(), isRequired: true), "path")
            }
            + (operation.querySchema?() ?? []).map { parameter($0, "query") }
            + operation.headerFields.map { parameter(.init(name: $0, schema: .string(), isRequired: false), "header") }
        if !parameters.isEmpty { members.append(.init("parameters", .array(parameters))) }
        if let (name, schema) = operation.bodySchema?() {
            components[name] = schema
            let content = operation.bodyFormats.map {
                JSONValue.Member($0.mediaType, .object([.init("schema", Schema.reference(name).json)]))
            }
            members.append(
                .init("requestBody", .object([.init("required", .bool(true)), .init("content", .object(content))])))
        }
        if let (name, schema) = operation.recordSchema?() {
            components[name] = schema
            // OpenAPI 3.1 has no word of its own for what a sequence is made of.
            let record = JSONValue.Member("x-record-schema", Schema.reference(name).json)
            let content = operation.streamTypes.map {
                JSONValue.Member($0, .object([.init("schema", Schema.string().json), record]))
            }
            members.append(
                .init(
                    "requestBody",
                    .object([
                        .init("description", .string("Any number of records, each a `\(name)`")),
                        .init("required", .bool(true)), .init("content", .object(content)),
                    ])))
        }
        members.append(.init("responses", .object(responses(operation, &components))))
        switch operation.access {
        case .bearer, .role, .permission, .superuser:
            members.append(.init("security", .array([.object([.init("bearer", .array([]))])])))
        case .anyone, .processes:
            break
        }
        if let needed = operation.access.needed { members.append(.init("x-permission", .string(needed))) }
        return .object(members)
    }

    private static func responses(
        _ operation: Operation.Declaration, _ components: inout [String: Schema]
    ) -> [JSONValue.Member] {
        var success: [JSONValue.Member] = [.init("description", .string("Success"))]
        if operation.isConditional, operation.answer.mediaType != nil {
            let tag = JSONValue.object([.init("schema", Schema.string().json)])
            success.append(.init("headers", .object([.init("ETag", tag)])))
        }
        if let mediaType = operation.answer.mediaType, let schema = operation.answer.schema?(&components) {
            let content = JSONValue.object([.init(mediaType, .object([.init("schema", schema.json)]))])
            success.append(.init("content", content))
        }
        var problems = operation.problems
        if operation.bodySchema != nil, !operation.speaksOAuth {
            problems += [(415, "unsupported_media_type"), (422, "validation_failed")]
        }
        if operation.querySchema != nil { problems.append((422, "validation_failed")) }
        switch operation.access {
        case .bearer, .role, .permission, .superuser: problems += [(401, "invalid_token"), (403, "forbidden")]
        case .anyone, .processes: break
        }
        problems.append((503, "dependency_unavailable"))
        problems += edgeProblems
        if operation.bodySchema != nil { problems.append((413, "payload_too_large")) }
        let byStatus = Dictionary(grouping: problems, by: \.status).sorted { $0.key < $1.key }
        let mediaType = operation.speaksOAuth ? "application/json" : "application/problem+json"
        let schema = Schema.reference(operation.speaksOAuth ? "OAuthError" : "Problem")
        let alternatives = operation.alternatives.map { alternative in
            JSONValue.Member(
                String(alternative.status), .object([.init("description", .string(alternative.description))]))
        }
        return [.init(String(operation.answer.status.code), .object(success))] + alternatives
            + byStatus.map { status, problems in
                var codes: [String] = []
                for problem in problems where !codes.contains(problem.code) { codes.append(problem.code) }
                let content = JSONValue.object([.init(mediaType, .object([.init("schema", schema.json)]))])
                return .init(
                    String(status),
                    .object([.init("description", .string(codes.joined(separator: ", "))), .init("content", content)]))
            }
    }

    /// What the gateway may answer to any request: one it can't read, a tenant it does not know, a limit that is
    /// reached, a service that is away.
    private static let edgeProblems = [
        (400, "malformed_request"), (404, "not_found"), (414, "uri_too_long"), (429, "rate_limited"),
        (502, "bad_gateway"), (504, "gateway_timeout"),
    ]

    private static func parameter(_ property: Schema.Property, _ place: String) -> JSONValue {
        .object([
            .init("name", .string(property.name)), .init("in", .string(place)),
            .init("required", .bool(property.isRequired)), .init("schema", property.schema.json),
        ])
    }

    private static func members(_ value: JSONValue?) -> [JSONValue.Member] {
        if case .object(let members)? = value { members } else { [] }
    }

    private static let problemSchema = Schema.object([
        .init(name: "type", schema: .string(format: "uri"), isRequired: true),
        .init(name: "title", schema: .string(), isRequired: true),
        .init(name: "status", schema: .integer, isRequired: true),
        .init(name: "code", schema: .string(), isRequired: true),
        .init(name: "detail", schema: .string(), isRequired: false),
        .init(name: "instance", schema: .string(format: "uri"), isRequired: true),
        .init(
            name: "errors",
            schema: .array(
                of: .object([
                    .init(name: "pointer", schema: .string(format: "json-pointer"), isRequired: true),
                    .init(name: "code", schema: .string(), isRequired: true),
                    .init(name: "detail", schema: .string(), isRequired: true),
                ])), isRequired: false),
    ])

    private static let oauthSchema = Schema.object([
        .init(name: "error", schema: .string(), isRequired: true),
        .init(name: "error_description", schema: .string(), isRequired: false),
    ])
}

extension Operation.Declaration {
    /// The header fields that a request may carry beside the usual ones.
    fileprivate var headerFields: [String] {
        (isConditional && method != .get ? ["If-Match"] : []) + (isIdempotent ? ["Idempotency-Key"] : [])
    }
}

extension Access {
    /// The permission it asks for, or the role that stands above permissions, as the document shows it.
    fileprivate var needed: String? {
        switch self {
        case .permission(let permission): permission.rawValue
        case .superuser: BuiltinRole.superuser
        case .anyone, .bearer, .role, .processes: nil
        }
    }
}
