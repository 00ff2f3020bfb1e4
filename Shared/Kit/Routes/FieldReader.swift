/// A request body: its initialiser asks a `FieldReader` for each field, which is declaration, check and schema in one.
public protocol RequestContent: Sendable {
    /// Reads every field. Faults gather in the reader; the value is used only when there are none.
    init(from fields: inout FieldReader)
}

/// What a partial change says of one field.
public enum FieldChange<Value: Sendable>: Sendable {
    /// Nothing: it stays as it is.
    case none
    /// It is to have no value.
    case cleared
    /// It is to have this value.
    case set(Value)

    /// The new value, when there is one.
    public var value: Value? { if case .set(let value) = self { value } else { nil } }

    /// Whether anything is said.
    public var isGiven: Bool { if case .none = self { false } else { true } }
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

    /// Reads an object with fields of its own, which may be left out or null.
    public mutating func optional<Content: RequestContent>(_ name: String, object _: Content.Type) -> Content? {
        let type = FieldType<[JSONValue.Member]>(
            schema: FieldReader.schema(of: Content.self), placeholder: []
        ) { value in
            guard case .object(let members) = value else { return .failure(.init("wrong_type", "must be an object")) }
            return .success(members)
        }
        guard let members = optional(name, type) else { return nil }
        var reader = FieldReader(members)
        let content = Content(from: &reader)
        faults += reader.faults.map { $0.within("/\(name)") }
        return content
    }

    /// Reads a field of a partial change: left out, taken away by null, or given.
    public mutating func change<Value>(_ name: String, _ type: FieldType<Value>) -> FieldChange<Value> {
        switch source {
        case .description:
            properties.append(.init(name: name, schema: type.describe().nullable, isRequired: false))
            return .none
        case .body(let members):
            guard let value = members.first(where: { $0.name == name })?.value else { return .none }
            if value == .null { return .cleared }
            return read(name, type, value).map { .set($0) } ?? .none
        }
    }

    /// Notes that a field breaks a rule that spans several.
    public mutating func refuse(_ name: String, _ fault: FieldFault) {
        faults.append(.init(field: name, code: fault.code, detail: fault.detail))
    }

    /// Notes that a value inside a field breaks a rule.
    /// - Parameter pointer: JSON Pointer to it, `/settings/max_sessions` for example.
    public mutating func refuse(at pointer: String, _ fault: FieldFault) {
        faults.append(.init(pointer: pointer, code: fault.code, detail: fault.detail))
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
            properties.append(.init(name: name, schema: type.describe(), isRequired: isRequired))
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

    /// Reads a whole body, or a part of one that has fields of its own.
    /// - Throws: `Problem.validation` with every field at fault.
    public static func content<Content: RequestContent>(
        _: Content.Type, from members: [JSONValue.Member]
    ) throws(Problem) -> Content {
        var reader = FieldReader(members)
        let content = Content(from: &reader)
        guard reader.faults.isEmpty else { throw .validation(reader.faults) }
        return content
    }

    /// The schema of a body type.
    static func schema<Content: RequestContent>(of type: Content.Type) -> Schema { .object(properties(of: type)) }

    /// What a body or query type reads.
    static func properties<Content: RequestContent>(of _: Content.Type) -> [Schema.Property] {
        var reader = FieldReader()
        _ = Content(from: &reader)
        return reader.properties
    }
}
