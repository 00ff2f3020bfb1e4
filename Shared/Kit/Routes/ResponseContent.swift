public import Octets
import Domain
public import FoundationEssentials
import NIOCore

/// An answer's body: what it writes is what OpenAPI says, since one function serves both.
public protocol ResponseContent: Sendable {
    /// A typical value, shown in the documentation.
    static var example: Self { get }
    /// Writes every field.
    func write(to fields: inout some FieldSink)
}

/// Takes the fields of an answer, to write them or to learn their schema.
public protocol FieldSink {
    /// A string.
    mutating func field(_ name: String, _ value: String)
    /// A string or null.
    mutating func field(_ name: String, _ value: String?)
    /// A string, or no such member at all.
    mutating func member(_ name: String, ifAny value: String?)
    /// A number of seconds, or no such member at all.
    mutating func member(_ name: String, ifAny value: Int64?)
    /// One string as itself, several as a list, none as no such member at all: as JWTs write `aud`.
    mutating func member(_ name: String, ifAny values: [String])
    /// A list of strings, or no such member at all when it is empty.
    mutating func list(_ name: String, ifAny values: [String])
    /// `true`, or no such member at all.
    mutating func member(_ name: String, ifTrue value: Bool)
    /// A whole number.
    mutating func field(_ name: String, _ value: Int)
    /// A whole number or null.
    mutating func field(_ name: String, _ value: Int?)
    /// A boolean.
    mutating func field(_ name: String, _ value: Bool)
    /// An id, in lower case.
    mutating func field(_ name: String, _ value: UUID)
    /// A time.
    mutating func field(_ name: String, _ value: Date)
    /// A time or null.
    mutating func field(_ name: String, _ value: Date?)
    /// A list of strings.
    mutating func field(_ name: String, _ value: [String])
    /// Any JSON.
    mutating func field(_ name: String, _ value: JSONValue)
    /// An object.
    mutating func field(_ name: String, _ value: some ResponseContent)
    /// A list of objects.
    mutating func field<Element: ResponseContent>(_ name: String, _ value: [Element])
}

/// Writes the fields as JSON.
public struct JSONFieldSink: FieldSink {
    private var json: JSONWriter

    /// The JSON of `content`.
    public static func json(_ content: some ResponseContent) -> JSONWriter {
        var sink = JSONFieldSink(json: JSONWriter())
        sink.object(content)
        return sink.json
    }

    private mutating func object(_ content: some ResponseContent) {
        json.beginObject()
        content.write(to: &self)
        json.endObject()
    }

    public mutating func field(_ name: String, _ value: String) {
        json.member(name, value)
    }

    public mutating func field(_ name: String, _ value: String?) {
        json.name(name)
        if let value { json.value(value) } else { json.null() }
    }

    public mutating func member(_ name: String, ifAny value: String?) {
        if let value { field(name, value) }
    }

    public mutating func member(_ name: String, ifAny value: Int64?) {
        guard let value else { return }
        json.member(name, value)
    }

    public mutating func member(_ name: String, ifAny values: [String]) {
        if values.count == 1 { field(name, values[0]) } else if !values.isEmpty { field(name, values) }
    }

    public mutating func list(_ name: String, ifAny values: [String]) {
        if !values.isEmpty { field(name, values) }
    }

    public mutating func member(_ name: String, ifTrue value: Bool) {
        if value { field(name, true) }
    }

    public mutating func field(_ name: String, _ value: Int) {
        json.member(name, value)
    }

    public mutating func field(_ name: String, _ value: Int?) {
        json.name(name)
        if let value { json.value(value) } else { json.null() }
    }

    public mutating func field(_ name: String, _ value: Bool) {
        json.member(name, value)
    }

    public mutating func field(_ name: String, _ value: UUID) {
        json.member(name, value.text)
    }

    public mutating func field(_ name: String, _ value: Date) {
        json.member(name, value)
    }

    public mutating func field(_ name: String, _ value: Date?) {
        json.name(name)
        if let value { json.value(value) } else { json.null() }
    }

    public mutating func field(_ name: String, _ value: [String]) {
        json.member(name, value)
    }

    public mutating func field(_ name: String, _ value: JSONValue) {
        json.member(name, value)
    }

    public mutating func field(_ name: String, _ value: some ResponseContent) {
        json.name(name)
        object(value)
    }

    public mutating func field<Element: ResponseContent>(_ name: String, _ value: [Element]) {
        json.name(name)
        json.beginArray()
        for element in value { object(element) }
        json.endArray()
    }
}

/// Learns the schema of the fields, and of the types they name.
struct SchemaSink: FieldSink {
    private(set) var properties: [Schema.Property] = []
    private(set) var components: [String: Schema] = [:]

    /// The schema of a content type as a reference, with the components it needs added to `components`.
    static func reference<Content: ResponseContent>(
        to _: Content.Type, components: inout [String: Schema]
    ) -> Schema {
        let name = String(describing: Content.self)
        if components[name] == nil {
            var sink = SchemaSink()
            Content.example.write(to: &sink)
            let example = JSONFieldSink.json(Content.example)
            let parsed = try? JSONParser.parse(example.buffer.readableBytesView)
            components[name] = Schema.object(sink.properties).with("example", parsed ?? .null)
            components.merge(sink.components) { known, _ in known }
        }
        return .reference(name)
    }

    private mutating func add(_ name: String, _ schema: Schema, isRequired: Bool = true) {
        properties.append(.init(name: name, schema: schema, isRequired: isRequired))
    }

    mutating func field(_ name: String, _ value: String) { add(name, .string()) }
    mutating func field(_ name: String, _ value: String?) { add(name, .string().nullable) }
    mutating func member(_ name: String, ifAny value: String?) { add(name, .string(), isRequired: false) }
    mutating func member(_ name: String, ifAny value: Int64?) { add(name, .integer, isRequired: false) }

    mutating func member(_ name: String, ifAny values: [String]) {
        let either = JSONValue.array([Schema.string().json, Schema.array(of: .string()).json])
        add(name, Schema([.init("anyOf", either)]), isRequired: false)
    }

    mutating func list(_ name: String, ifAny values: [String]) {
        add(name, .array(of: .string()), isRequired: false)
    }

    mutating func member(_ name: String, ifTrue value: Bool) { add(name, .boolean, isRequired: false) }

    mutating func field(_ name: String, _ value: Int) { add(name, .integer) }
    mutating func field(_ name: String, _ value: Int?) { add(name, .integer.nullable) }
    mutating func field(_ name: String, _ value: Bool) { add(name, .boolean) }
    mutating func field(_ name: String, _ value: UUID) { add(name, .string(format: "uuid")) }
    mutating func field(_ name: String, _ value: Date) { add(name, .string(format: "date-time")) }
    mutating func field(_ name: String, _ value: Date?) { add(name, .string(format: "date-time").nullable) }
    mutating func field(_ name: String, _ value: [String]) { add(name, .array(of: .string())) }
    mutating func field(_ name: String, _ value: JSONValue) { add(name, .anyObject) }

    mutating func field<Content: ResponseContent>(_ name: String, _ value: Content) {
        add(name, Self.reference(to: Content.self, components: &components))
    }

    mutating func field<Element: ResponseContent>(_ name: String, _ value: [Element]) {
        add(name, .array(of: Self.reference(to: Element.self, components: &components)))
    }
}
