public import FoundationEssentials

/// A parameter of a statement. Its case must match the type the statement declares for that position; `null` fits all.
public enum PostgresValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case int2(Int16)
    case int4(Int32)
    case int8(Int64)
    case float8(Double)
    case text(String)
    case uuid(UUID)
    /// Rounded to whole microseconds, which is what the server keeps.
    case timestamptz(Date)
    case bytea([UInt8])
    /// JSON text; the server parses it, so malformed text fails there with SQLSTATE 22P02.
    case jsonb(String)
    /// An address or network as text, for example `192.0.2.1` or `2001:db8::/32`.
    case inet(String)
    case textArray([String])
    case uuidArray([UUID])
    case int8Array([Int64])
    case int4Array([Int32])
    case boolArray([Bool])
    case timestamptzArray([Date])

    /// The type this value is sent as; nil for `null`, which has none.
    public var type: PostgresType? {
        switch self {
        case .null: nil
        case .bool: .bool
        case .int2: .int2
        case .int4: .int4
        case .int8: .int8
        case .float8: .float8
        case .text: .text
        case .uuid: .uuid
        case .timestamptz: .timestamptz
        case .bytea: .bytea
        case .jsonb: .jsonb
        case .inet: .inet
        case .textArray: .textArray
        case .uuidArray: .uuidArray
        case .int8Array: .int8Array
        case .int4Array: .int4Array
        case .boolArray: .boolArray
        case .timestamptzArray: .timestamptzArray
        }
    }

    /// `null` for nil, else the value made by `make`: `.optional(address, PostgresValue.inet)`.
    public static func optional<Wrapped>(_ value: Wrapped?, _ make: (Wrapped) -> PostgresValue) -> PostgresValue {
        value.map(make) ?? .null
    }

    /// `null` for nil, else `bool`.
    public static func optional(_ value: Bool?) -> PostgresValue { optional(value, PostgresValue.bool) }

    /// `null` for nil, else `int2`.
    public static func optional(_ value: Int16?) -> PostgresValue { optional(value, PostgresValue.int2) }

    /// `null` for nil, else `int4`.
    public static func optional(_ value: Int32?) -> PostgresValue { optional(value, PostgresValue.int4) }

    /// `null` for nil, else `int8`.
    public static func optional(_ value: Int64?) -> PostgresValue { optional(value, PostgresValue.int8) }

    /// `null` for nil, else `float8`.
    public static func optional(_ value: Double?) -> PostgresValue { optional(value, PostgresValue.float8) }

    /// `null` for nil, else `text`.
    public static func optional(_ value: String?) -> PostgresValue { optional(value, PostgresValue.text) }

    /// `null` for nil, else `uuid`.
    public static func optional(_ value: UUID?) -> PostgresValue { optional(value, PostgresValue.uuid) }

    /// `null` for nil, else `timestamptz`.
    public static func optional(_ value: Date?) -> PostgresValue { optional(value, PostgresValue.timestamptz) }

    /// `null` for nil, else `bytea`.
    public static func optional(_ value: [UInt8]?) -> PostgresValue { optional(value, PostgresValue.bytea) }
}
