public import Logging

/// The trace a request belongs to, and this process's span in it.
public struct TraceContext: Sendable, Hashable {
    /// The trace, the same in every process.
    public let traceID: TraceID
    /// This process's own span.
    public let spanID: SpanID
    /// The caller's span; nil when the trace begins here.
    public let parentSpanID: SpanID?
    /// Whether the trace is recorded.
    public let isSampled: Bool
    /// The `tracestate` header to pass on; empty when there is none to send.
    public let state: String

    /// Continues the caller's trace with a span of our own, or begins one where there is none.
    /// - Parameters:
    ///   - parent: The caller's `traceparent`, parsed; nil begins a trace and drops `state` with it.
    ///   - state: The caller's `tracestate`, several headers joined with commas.
    ///   - samplesNew: Whether a trace that begins here is recorded.
    public init(
        continuing parent: TraceParent?, state: String? = nil, samplesNew: Bool = false,
        _ identifiers: IdentifierSource
    ) {
        if let parent {
            self.init(
                traceID: parent.traceID, spanID: SpanID(identifiers), parentSpanID: parent.spanID,
                isSampled: parent.isSampled, state: state.map(TraceState.accepted) ?? "")
        } else {
            self.init(
                traceID: TraceID(identifiers), spanID: SpanID(identifiers), parentSpanID: nil, isSampled: samplesNew,
                state: "")
        }
    }

    private init(traceID: TraceID, spanID: SpanID, parentSpanID: SpanID?, isSampled: Bool, state: String) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentSpanID = parentSpanID
        self.isSampled = isSampled
        self.state = state
    }

    /// A span below this one, for a call to another process or a piece of work of its own.
    public func child(_ identifiers: IdentifierSource) -> TraceContext {
        TraceContext(
            traceID: traceID, spanID: SpanID(identifiers), parentSpanID: spanID, isSampled: isSampled, state: state)
    }

    /// The `traceparent` to send with calls made from this span.
    public var parent: TraceParent { TraceParent(traceID: traceID, spanID: spanID, isSampled: isSampled) }

    /// The keys under which log lines carry it.
    public var metadata: Logger.Metadata {
        ["trace_id": .string(traceID.description), "span_id": .string(spanID.description)]
    }
}
