/// SplitMix64: the same numbers for the same seed, on every machine.
public struct Randomness: RandomNumberGenerator {
    private var state: UInt64

    /// A sequence of its own.
    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number below the limit.
    public mutating func number(below limit: Int) -> Int {
        Int(next() % UInt64(max(limit, 1)))
    }

    /// Whether one chance in so many came true.
    public mutating func oneIn(_ chances: Int) -> Bool {
        number(below: chances) == 0
    }

    /// One of the choices, of which there is one at least.
    public mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[number(below: choices.count)]
    }
}
