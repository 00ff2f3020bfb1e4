/// A column or parameter type this driver can send and receive in binary form.
public enum PostgresType: Sendable, Hashable {
    case bool, int2, int4, int8, float8, text, uuid, timestamptz, bytea, jsonb, inet
    case textArray, uuidArray, int8Array, int4Array, boolArray, timestamptzArray

    /// The type's object identifier in `pg_type`, stable across servers.
    public var oid: UInt32 {
        switch self {
        case .bool: 16
        case .bytea: 17
        case .int8: 20
        case .int2: 21
        case .int4: 23
        case .text: 25
        case .float8: 701
        case .inet: 869
        case .timestamptz: 1184
        case .uuid: 2950
        case .jsonb: 3802
        case .boolArray: 1000
        case .int4Array: 1007
        case .textArray: 1009
        case .int8Array: 1016
        case .timestamptzArray: 1185
        case .uuidArray: 2951
        }
    }

    /// The type of an array of it; nil where this driver has none.
    var array: PostgresType? {
        switch self {
        case .bool: .boolArray
        case .int4: .int4Array
        case .int8: .int8Array
        case .text: .textArray
        case .timestamptz: .timestamptzArray
        case .uuid: .uuidArray
        default: nil
        }
    }
}
