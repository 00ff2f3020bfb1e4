import Glibc

/// A place in a trace that is recorded: spans are begun below it.
public struct SpanContext: Sendable {
    /// Where the task at hand is; nil where nothing is recorded, which is all it costs then.
    @TaskLocal public static var current: SpanContext?

    /// The trace, its first eight bytes.
    public let traceHigh: UInt64
    /// The trace, its last eight bytes.
    public let traceLow: UInt64
    /// The span at this place; 0 before the first.
    public let span: UInt64
    private let recorder: SpanRecorder

    /// A place in a trace.
    public init(traceHigh: UInt64, traceLow: UInt64, span: UInt64, recorder: SpanRecorder) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.span = span
        self.recorder = recorder
    }

    /// Begins a span below this place.
    /// - Parameter id: Its id, where that is known already.
    public func begin(_ name: String, _ kind: SpanRecord.Kind, id: UInt64? = nil) -> Span {
        let id = id ?? recorder.nextID()
        return Span(
            context: SpanContext(traceHigh: traceHigh, traceLow: traceLow, span: id, recorder: recorder),
            record: SpanRecord(
                traceHigh: traceHigh, traceLow: traceLow, id: id, parent: span, name: name, kind: kind,
                start: Span.now()))
    }

    fileprivate func record(_ span: SpanRecord) { recorder.record(span) }
}

/// A span under way. Whoever began it ends it, once.
public struct Span: Sendable {
    /// The place for spans below it.
    public let context: SpanContext
    private var record: SpanRecord

    fileprivate init(context: SpanContext, record: SpanRecord) {
        self.context = context
        self.record = record
    }

    /// Gives it another name, once more is known.
    public mutating func rename(_ name: String) { record.name = name }

    /// Adds an attribute.
    public mutating func set(_ name: String, _ value: String) {
        record.attributes.append(.init(name: name, value: .text(value)))
    }

    /// Adds an attribute.
    public mutating func set(_ name: String, _ value: Int) {
        record.attributes.append(.init(name: name, value: .number(value)))
    }

    /// Says that it failed, with a word for the kind of failure.
    public mutating func fail(_ type: String) {
        record.isError = true
        set("error.type", type)
    }

    /// Ends it.
    public consuming func end() {
        record.end = Self.now()
        context.record(record)
    }

    /// Nanoseconds since 1970.
    fileprivate static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
