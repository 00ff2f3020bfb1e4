/// A span that is over, as it is handed to whoever exports it.
public struct SpanRecord: Sendable, Equatable {
    /// What a span is to those around it (OpenTelemetry's SpanKind).
    public enum Kind: Sendable {
        /// Work within the process.
        case inner
        /// The answering of a request.
        case server
        /// A request to another process or a store.
        case client
    }

    /// The value of an attribute. Never a secret, a token, an e-mail address, or a query.
    public enum Value: Sendable, Equatable {
        /// Text.
        case text(String)
        /// A whole number.
        case number(Int)
    }

    /// An attribute of a span.
    public struct Attribute: Sendable, Equatable {
        /// Its name, after OpenTelemetry's semantic conventions.
        public let name: String
        /// Its value.
        public let value: Value

        /// An attribute.
        public init(name: String, value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// The trace, its first eight bytes.
    public var traceHigh: UInt64
    /// The trace, its last eight bytes.
    public var traceLow: UInt64
    /// The span.
    public var id: UInt64
    /// The span it is a part of; 0 where the trace begins with it.
    public var parent: UInt64
    /// What was done: one of few names.
    public var name: String
    /// What it is to those around it.
    public var kind: Kind
    /// Nanoseconds since 1970.
    public var start: UInt64
    /// Nanoseconds since 1970.
    public var end: UInt64 = 0
    /// What else is known.
    public var attributes: [Attribute] = []
    /// Whether it failed.
    public var isError = false
}
