/// A JSON Schema (draft 2020-12, as OpenAPI 3.1 takes it).
public struct Schema: Sendable, Equatable {
    /// The schema as JSON.
    public var json: JSONValue

    /// A schema of these members.
    public init(_ members: [JSONValue.Member]) {
        json = .object(members)
    }

    /// A string, with a `format` when it has a name.
    public static func string(format: String? = nil) -> Schema {
        Schema([.init("type", .string("string"))] + (format.map { [.init("format", .string($0))] } ?? []))
    }

    /// A whole number.
    public static let integer = Schema([.init("type", .string("integer"))])
    /// `true` or `false`.
    public static let boolean = Schema([.init("type", .string("boolean"))])
    /// Any object.
    public static let anyObject = Schema([.init("type", .string("object"))])

    /// A list of values of one schema.
    public static func array(of element: Schema) -> Schema {
        Schema([.init("type", .string("array")), .init("items", element.json)])
    }

    /// A component by name.
    public static func reference(_ name: String) -> Schema {
        Schema([.init("$ref", .string("#/components/schemas/\(name)"))])
    }

    /// One of some words.
    public static func words(_ words: [String]) -> Schema {
        Schema([.init("type", .string("string")), .init("enum", .array(words.map { .string($0) }))])
    }

    /// The same schema with one more member.
    public func with(_ name: String, _ value: JSONValue) -> Schema {
        guard case .object(let members) = json else { return self }
        return Schema(members + [.init(name, value)])
    }

    /// The same schema, or null.
    public var nullable: Schema {
        if let type = self.json["type"]?.string, case .object(let members) = json {
            let types = JSONValue.array([.string(type), .string("null")])
            return Schema(members.map { $0.name == "type" ? .init("type", types) : $0 })
        }
        return Schema([.init("anyOf", .array([json, Schema([.init("type", .string("null"))]).json]))])
    }

    /// An object of these properties.
    static func object(_ properties: [Property]) -> Schema {
        var members: [JSONValue.Member] = [
            .init("type", .string("object")),
            .init("properties", .object(properties.map { .init($0.name, $0.schema.json) })),
        ]
        let required = properties.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { members.append(.init("required", .array(required))) }
        return Schema(members)
    }

    /// One property of an object.
    struct Property: Sendable, Equatable {
        let name: String
        let schema: Schema
        let isRequired: Bool
    }
}
