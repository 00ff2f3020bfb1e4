/// An answer of the server. An error answer is never a value: it is thrown as ``RedisError/server(prefix:message:)``.
public enum RedisValue: Sendable, Equatable {
    /// A status line such as `OK`.
    case simple(String)
    /// Any bytes, also none.
    case bulk([UInt8])
    /// A signed number of 64 bits.
    case integer(Int64)
    /// Values in the server's order.
    case array([RedisValue])
    /// No such key, field or element.
    case null
}

extension RedisValue {
    /// The text of a status line, or of bytes that are UTF-8; nil for anything else.
    public var string: String? {
        switch self {
        case .simple(let text): text
        case .bulk(let bytes): String(validating: bytes, as: UTF8.self)
        case .integer, .array, .null: nil
        }
    }

    /// The bytes of a bulk answer or a status line.
    public var bytes: [UInt8]? {
        switch self {
        case .simple(let text): Array(text.utf8)
        case .bulk(let bytes): bytes
        case .integer, .array, .null: nil
        }
    }

    /// A number, also where the server sent it as decimal text.
    public var int: Int? {
        switch self {
        case .integer(let number): Int(exactly: number)
        case .simple, .bulk: string.flatMap { Int($0) }
        case .array, .null: nil
        }
    }

    /// The elements of an array.
    public var array: [RedisValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }
}
