import Synchronization

/// Makes 64-bit identifiers that never repeat within the process and are never zero: for requests, traces and spans.
///
/// One atomic addition and a mix (SplitMix64, Steele, Lea and Flood 2014), shared by all threads without a lock, where
/// the system's generator would cost a system call each. Whoever has seen one can tell the next, so it is not for
/// anything that has to be hard to guess.
public final class IdentifierSource: Sendable {
    private let state: Atomic<UInt64>

    /// A source with a seed from the system's generator.
    public convenience init() {
        self.init(seed: .random(in: .min ... .max))
    }

    /// A source that always yields the same sequence, for tests.
    public init(seed: UInt64) {
        state = Atomic(seed)
    }

    /// The next identifier.
    public func next() -> UInt64 {
        while true {
            // The golden ratio's odd increment visits every state once before any comes back.
            var value = state.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            value ^= value >> 31
            if value != 0 { return value }
        }
    }
}
