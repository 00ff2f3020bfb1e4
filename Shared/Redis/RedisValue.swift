/// A reply. Errors are thrown, not returned.
public enum RedisValue: Sendable, Equatable {
    /// A status such as `OK`.
    case simple(String)
    /// Bytes.
    case bulk([UInt8])
    /// A whole number.
    case integer(Int64)
    /// Several replies. An error inside one stands as `null`.
    case array([RedisValue])
    /// Nothing there.
    case null

    /// The text of a status or of bytes that are UTF-8.
    public var string: String? {
        switch self {
        case .simple(let text): text
        case .bulk(let bytes): String(validating: bytes, as: UTF8.self)
        case .integer, .array, .null: nil
        }
    }

    /// The number of an integer reply.
    public var int: Int? {
        if case .integer(let value) = self { Int(exactly: value) } else { nil }
    }

    /// The elements of an array reply.
    public var array: [RedisValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }
}

/// One argument of a command.
public enum RedisArgument: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// Text, sent as UTF-8.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
    /// A whole number, sent in decimal.
    case integer(Int64)

    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }

    var octets: [UInt8] {
        switch self {
        case .text(let text): Array(text.utf8)
        case .bytes(let bytes): bytes
        case .integer(let value): Array(String(value).utf8)
        }
    }
}

/// A command and its arguments.
public struct RedisCommand: Sendable, Equatable {
    let parts: [RedisArgument]

    /// A command of that name.
    public init(_ name: String, _ arguments: [RedisArgument] = []) {
        parts = [.text(name)] + arguments
    }
}
