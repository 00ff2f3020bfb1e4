/// Decides which traces are recorded, as OpenTelemetry's samplers of these names do.
public struct TraceSampler: Sendable {
    /// The names of `OTEL_TRACES_SAMPLER`.
    public enum Kind: String, CaseIterable, Sendable {
        /// Every trace.
        case alwaysOn = "always_on"
        /// None.
        case alwaysOff = "always_off"
        /// A part of them.
        case ratio = "traceidratio"
        /// What the caller decided; every trace that begins here.
        case parentAlwaysOn = "parentbased_always_on"
        /// What the caller decided; none that begins here.
        case parentAlwaysOff = "parentbased_always_off"
        /// What the caller decided; a part of those that begin here.
        case parentRatio = "parentbased_traceidratio"
    }

    private let kind: Kind
    private let threshold: UInt64

    /// A sampler.
    /// - Parameter ratio: The part of traces, 0 to 1, for those that take a part.
    public init(_ kind: Kind, ratio: Double = 1) {
        self.kind = kind
        // Compared with 63 bits, so that 1 takes all.
        threshold = UInt64(min(max(ratio, 0), 1) * 9_223_372_036_854_775_808)
    }

    /// Whether a trace is recorded.
    /// - Parameter parent: What the caller sent; nil where the trace begins here.
    public func records(_ trace: TraceID, parent: TraceParent?) -> Bool {
        switch kind {
        case .alwaysOn: true
        case .alwaysOff: false
        case .ratio: isWithin(trace)
        case .parentAlwaysOn: parent?.isSampled ?? true
        case .parentAlwaysOff: parent?.isSampled ?? false
        case .parentRatio: parent?.isSampled ?? isWithin(trace)
        }
    }

    /// By the last bytes of the id, which have to be random: every process that asks decides alike.
    private func isWithin(_ trace: TraceID) -> Bool { trace.low >> 1 < threshold }
}
