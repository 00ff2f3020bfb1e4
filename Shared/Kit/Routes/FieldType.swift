public import Domain
public import FoundationEssentials

/// What one field of a request takes: its schema and its check are one declaration, so that they can't drift apart.
public struct FieldType<Value: Sendable>: Sendable {
    /// Makes the schema shown in OpenAPI. Each request declares its fields anew, and none but the description's looks at
    /// their schemas: to make them took a tenth of what a small request costs.
    let describe: @Sendable () -> Schema
    /// Stands in for the value while the fields are only being described or another field was refused.
    let placeholder: Value
    /// Reads one value.
    let read: @Sendable (JSONValue) -> Result<Value, FieldFault>

    /// A type of that schema, read by `read`.
    public init(
        schema: @autoclosure @escaping @Sendable () -> Schema, placeholder: Value,
        read: @escaping @Sendable (JSONValue) -> Result<Value, FieldFault>
    ) {
        describe = schema
        self.placeholder = placeholder
        self.read = read
    }

    /// A type made of this one and a further check.
    public func map<Other: Sendable>(
        placeholder: Other, _ check: @escaping @Sendable (Value) -> Result<Other, FieldFault>
    ) -> FieldType<Other> {
        FieldType<Other>(schema: describe(), placeholder: placeholder) { read($0).flatMap(check) }
    }
}

/// Why a field was refused.
public struct FieldFault: Error, Sendable, Equatable {
    /// The stable word for the rule that it broke.
    public let code: String
    /// The rule, for people; never the value.
    public let detail: String

    /// A fault of that code.
    public init(_ code: String, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

extension FieldType where Value == String {
    /// Text of `length` characters (code points).
    public static func text(_ length: ClosedRange<Int> = 1...255) -> FieldType<String> {
        FieldType(
            schema: .string().with("minLength", .number(String(length.lowerBound)))
                .with("maxLength", .number(String(length.upperBound))),
            placeholder: ""
        ) { value in
            guard let text = value.string else { return .failure(.init("wrong_type", "must be a string")) }
            guard !text.utf8.contains(0) else {
                return .failure(.init("invalid_character", "must not contain a NUL character"))
            }
            let count = text.unicodeScalars.count
            if count < length.lowerBound {
                return .failure(.init("too_short", "must have at least \(length.lowerBound) characters"))
            }
            if count > length.upperBound {
                return .failure(.init("too_long", "must have at most \(length.upperBound) characters"))
            }
            return .success(text)
        }
    }

    /// Text of one line: no control characters, which a terminal or a mail would act on.
    public static func line(_ length: ClosedRange<Int>) -> FieldType<String> {
        .text(length).map(placeholder: "") { text in
            let isPlain = text.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .lineSeparator, .paragraphSeparator: false
                default: true
                }
            }
            return isPlain
                ? .success(text) : .failure(.init("invalid_character", "must not contain control characters"))
        }
    }

    /// A secret: never echoed, no rule about its content here.
    public static let secret = FieldType<String>(
        schema: .string(format: "password").with("writeOnly", .bool(true)), placeholder: ""
    ) { value in
        guard let text = value.string else { return .failure(.init("wrong_type", "must be a string")) }
        return .success(text)
    }

    /// A SHA-256 digest in hexadecimal.
    static let digest = FieldType<String>.text(64...64).map(placeholder: "") { text in
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
            return .failure(.init("wrong_format", "must be 64 hexadecimal digits in lower case"))
        }
        return .success(text)
    }

    /// One of some words.
    public static func word(_ words: [String]) -> FieldType<String> {
        FieldType(schema: .words(words), placeholder: words.first ?? "") { value in
            guard let text = value.string, words.contains(text) else {
                return .failure(.init("unknown_word", "must be one of \(words.joined(separator: ", "))"))
            }
            return .success(text)
        }
    }
}

extension FieldType where Value == EmailAddress? {
    /// An e-mail address. The value is nil only while it is described.
    public static let email = FieldType<EmailAddress?>(schema: .string(format: "email"), placeholder: nil) { value in
        guard let text = value.string else { return .failure(.init("wrong_type", "must be a string")) }
        guard let address = EmailAddress(text) else {
            return .failure(.init("invalid_email", "must be an e-mail address such as name@example.com"))
        }
        return .success(address)
    }
}

extension FieldType where Value == Username? {
    /// A username. The value is nil only while it is described.
    public static let username = FieldType<Username?>(
        schema: .string().with("minLength", .number("1")).with("maxLength", .number("64")), placeholder: nil
    ) { value in
        guard let text = value.string else { return .failure(.init("wrong_type", "must be a string")) }
        guard let name = Username(text) else {
            return .failure(
                .init("invalid_username", "must be 1 to 64 letters, digits, '.', '-' or '_', a letter or digit first"))
        }
        return .success(name)
    }
}

extension FieldType where Value == UUID {
    /// An id.
    public static let id = FieldType<UUID>(schema: .string(format: "uuid"), placeholder: DefaultTenant.id) { value in
        guard let text = value.string, let id = UUID(canonical: text) else {
            return .failure(.init("invalid_id", "must be a UUID"))
        }
        return .success(id)
    }
}

extension FieldType where Value == Date {
    /// A time, as RFC 3339 writes it.
    public static let time = FieldType<Date>(schema: .string(format: "date-time"), placeholder: .distantPast) { value in
        guard let text = value.string, let time = Timestamp.parse(text) else {
            return .failure(.init("invalid_time", "must be a time such as 2026-01-31T12:00:00Z"))
        }
        return .success(time)
    }
}

extension FieldType where Value == Int {
    /// A whole number, which in a form or a query is written in digits.
    public static func number(_ range: ClosedRange<Int>) -> FieldType<Int> {
        FieldType(
            schema: .integer.with("minimum", .number(String(range.lowerBound)))
                .with("maximum", .number(String(range.upperBound))), placeholder: range.lowerBound
        ) { value in
            guard let number = value.integer ?? value.string.flatMap({ Int($0) }) else {
                return .failure(.init("wrong_type", "must be a whole number"))
            }
            guard range.contains(number) else {
                return .failure(
                    .init("out_of_range", "must be between \(range.lowerBound) and \(range.upperBound)"))
            }
            return .success(number)
        }
    }
}

extension FieldType where Value == Bool {
    /// `true` or `false`.
    public static let flag = FieldType<Bool>(schema: .boolean, placeholder: false) { value in
        switch value {
        case .bool(let flag): .success(flag)
        case .string("true"): .success(true)
        case .string("false"): .success(false)
        default: .failure(.init("wrong_type", "must be true or false"))
        }
    }
}

extension FieldType where Value == [String] {
    /// A list of at most `limit` strings.
    public static func texts(limit: Int) -> FieldType<[String]> {
        FieldType(
            schema: .array(of: .string()).with("maxItems", .number(String(limit))), placeholder: []
        ) { value in
            guard case .array(let elements) = value else {
                return .failure(.init("wrong_type", "must be a list of strings"))
            }
            let texts = elements.compactMap(\.string)
            guard texts.count == elements.count else {
                return .failure(.init("wrong_type", "must be a list of strings"))
            }
            guard texts.count <= limit else { return .failure(.init("too_many", "must have at most \(limit) entries")) }
            return .success(texts)
        }
    }
}

extension FieldType {
    /// A list of at most `limit` objects, each read as a body of its own.
    public static func objects<Element: RequestContent>(
        _: Element.Type, limit: Int
    ) -> FieldType<[Element]> where Value == [Element] {
        FieldType(
            schema: .array(of: FieldReader.schema(of: Element.self)).with("maxItems", .number(String(limit))),
            placeholder: []
        ) { value in
            guard case .array(let values) = value else {
                return .failure(.init("wrong_type", "must be a list of objects"))
            }
            guard values.count <= limit else {
                return .failure(.init("too_many", "must have at most \(limit) entries"))
            }
            var elements: [Element] = []
            for (index, value) in values.enumerated() {
                guard case .object(let members) = value else {
                    return .failure(.init("wrong_type", "must be a list of objects"))
                }
                var reader = FieldReader(members)
                elements.append(Element(from: &reader))
                if let fault = reader.faults.first {
                    let name = fault.pointer.dropFirst()
                    return .failure(.init(fault.code, "entry \(index), \(name): \(fault.detail)"))
                }
            }
            return .success(elements)
        }
    }
}
