public import Spans

extension TraceParent {
    /// What is sent with a call made from that place; nil before a trace's first span.
    public init?(_ place: SpanContext) {
        guard let trace = TraceID(high: place.traceHigh, low: place.traceLow), let span = SpanID(place.span) else {
            return nil
        }
        self.init(traceID: trace, spanID: span, isSampled: true)
    }
}

extension SpanContext {
    /// The place that a caller sent; nil where the trace is not recorded.
    init?(_ parent: TraceParent?, _ recorder: SpanRecorder?) {
        guard let parent, parent.isSampled, let recorder else { return nil }
        self.init(
            traceHigh: parent.traceID.high, traceLow: parent.traceID.low, span: parent.spanID.value, recorder: recorder)
    }
}
