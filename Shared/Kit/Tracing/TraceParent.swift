import Domain

/// The value of a `traceparent` header (W3C Trace Context, section 3.2).
public struct TraceParent: Sendable, Hashable, CustomStringConvertible {
    /// The trace.
    public let traceID: TraceID
    /// The span of the one who sent it.
    public let spanID: SpanID
    /// Whether the sender records the trace. All other flags are reserved, and set to zero when sent on.
    public let isSampled: Bool

    /// A value of these parts.
    public init(traceID: TraceID, spanID: SpanID, isSampled: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// Reads a header's bytes; nil when the value is malformed and a new trace has to begin.
    ///
    /// Of a version later than 00 the parts that version 00 knows are read; more may follow after a dash.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        // "00-" 32 digits "-" 16 digits "-" 2 digits. No index below is used before this check has passed.
        guard bytes.count >= 55, let version = Hexadecimal.read(bytes, at: 0, count: 2), version != 0xFF else {
            return nil
        }
        let dash = UInt8(ascii: "-")
        if bytes.count > 55 { guard version != 0, bytes[55] == dash else { return nil } }
        guard bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let high = Hexadecimal.read(bytes, at: 3, count: 16),
            let low = Hexadecimal.read(bytes, at: 19, count: 16),
            let traceID = TraceID(high: high, low: low),
            let span = Hexadecimal.read(bytes, at: 36, count: 16), let spanID = SpanID(span),
            let flags = Hexadecimal.read(bytes, at: 53, count: 2)
        else { return nil }
        self.init(traceID: traceID, spanID: spanID, isSampled: flags & 1 == 1)
    }

    /// Reads a header's bytes; nil when the value is malformed.
    public init?(_ bytes: Span<UInt8>) {
        guard let value = bytes.withUnsafeBytes({ TraceParent($0) }) else { return nil }
        self = value
    }

    /// Reads a header's text; nil when the value is malformed.
    public init?(_ text: String) {
        var text = text
        // Lends a native string's own bytes: nothing is copied.
        guard let value = text.withUTF8({ TraceParent(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = value
    }

    /// The header's value, version 00: 55 characters.
    public var description: String {
        var text = ""
        withText { text = String(decoding: $0, as: UTF8.self) }
        return text
    }

    /// Calls `body` with the header's value, which ends with the call.
    public func withText(_ body: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 55) { buffer in
            // All 55 bytes are written, none beyond.
            buffer[0] = UInt8(ascii: "0")
            buffer[1] = UInt8(ascii: "0")
            buffer[2] = UInt8(ascii: "-")
            Hexadecimal.write(traceID.high, into: buffer, at: 3)
            Hexadecimal.write(traceID.low, into: buffer, at: 19)
            buffer[35] = UInt8(ascii: "-")
            Hexadecimal.write(spanID.value, into: buffer, at: 36)
            buffer[52] = UInt8(ascii: "-")
            buffer[53] = UInt8(ascii: "0")
            buffer[54] = isSampled ? UInt8(ascii: "1") : UInt8(ascii: "0")
            body(UnsafeRawBufferPointer(buffer))
        }
    }
}
