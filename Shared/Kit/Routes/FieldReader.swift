/// A request body: its initialiser asks a `FieldReader` for each field, which is declaration, check and schema in one.
public protocol RequestContent: Sendable {
    /// Reads every field. Faults gather in the reader; the value is used only when there are none.
    init(from fields: inout FieldReader)
}

/// Reads the fields of one request body and gathers everything wrong with them, or only notes what it is asked for.
public struct FieldReader {
    private enum Source {
        case body([JSONValue.Member])
        case description
    }

    private let source: Source
    private(set) var faults: [Problem.FieldError] = []
    private(set) var properties: [Schema.Property] = []

    /// A reader of the members of a parsed body.
    public init(_ members: [JSONValue.Member]) {
        source = .body(members)
    }

    private init() {
        source = .description
    }

    /// Reads a field that must be there and not null.
    public mutating func required<Value>(_ name: String, _ type: FieldType<Value>) -> Value {
        guard let value = value(name, type, isRequired: true) else {
            if case .body = source { refuse(name, FieldFault("required", "must be given")) }
            return type.placeholder
        }
        return read(name, type, value) ?? type.placeholder
    }

    /// Reads a field that may be left out or null.
    public mutating func optional<Value>(_ name: String, _ type: FieldType<Value>) -> Value? {
        value(name, type, isRequired: false).flatMap { read(name, type, $0) }
    }

    /// Notes that a field breaks a rule that spans several.
    public mutating func refuse(_ name: String, _ fault: FieldFault) {
        faults.append(.init(field: name, code: fault.code, detail: fault.detail))
    }

    /// Whether a field was refused already.
    public var hasFaults: Bool { !faults.isEmpty }

    /// Whether this reader only describes, so that rules that span fields have nothing to judge.
    public var isDescribing: Bool {
        if case .description = source { true } else { false }
    }

    private mutating func value<Value>(_ name: String, _ type: FieldType<Value>, isRequired: Bool) -> JSONValue? {
        switch source {
        case .description:
            properties.append(.init(name: name, schema: type.schema, isRequired: isRequired))
            return nil
        case .body(let members):
            guard let value = members.first(where: { $0.name == name })?.value, value != .null else { return nil }
            return value
        }
    }

    private mutating func read<Value>(_ name: String, _ type: FieldType<Value>, _ value: JSONValue) -> Value? {
        switch type.read(value) {
        case .success(let value):
            return value
        case .failure(let fault):
            refuse(name, fault)
            return nil
        }
    }

    /// Reads a whole body.
    /// - Throws: `Problem.validation` with every field at fault.
    static func content<Content: RequestContent>(
        _: Content.Type, from members: [JSONValue.Member]
    ) throws(Problem) -> Content {
        var reader = FieldReader(members)
        let content = Content(from: &reader)
        guard reader.faults.isEmpty else { throw .validation(reader.faults) }
        return content
    }

    /// The schema of a body type.
    static func schema<Content: RequestContent>(of _: Content.Type) -> Schema {
        var reader = FieldReader()
        _ = Content(from: &reader)
        return .object(reader.properties)
    }
}
