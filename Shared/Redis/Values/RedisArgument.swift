/// One argument of a command: text sent as UTF-8, bytes, or a number sent as decimal text.
public enum RedisArgument: Sendable, Equatable {
    /// Sent as UTF-8.
    case text(String)
    /// Sent as they are.
    case bytes([UInt8])
    /// Sent in decimal.
    case integer(Int64)

    /// An argument of text.
    public init(_ text: String) {
        self = .text(text)
    }

    /// An argument of bytes.
    public init(_ bytes: [UInt8]) {
        self = .bytes(bytes)
    }

    /// A number as an argument.
    public init(_ integer: Int) {
        self = .integer(Int64(integer))
    }
}

extension RedisArgument: ExpressibleByStringInterpolation {
    /// Text in quotes.
    public init(stringLiteral value: String) {
        self = .text(value)
    }
}

extension RedisArgument: ExpressibleByIntegerLiteral {
    /// A number as written.
    public init(integerLiteral value: Int64) {
        self = .integer(value)
    }
}
