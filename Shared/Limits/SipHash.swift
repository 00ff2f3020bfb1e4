import Octets

/// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein), under a key of this process's own: whoever does not
/// know the key finds no two subjects of one hash, so that the hash may stand for the subject in memory.
struct SipHash: Sendable {
    /// The 128 bits.
    struct Value: Sendable, Hashable {
        let low: UInt64
        let high: UInt64

        // Random already; the dictionary mixes it once more.
        func hash(into hasher: inout Hasher) { hasher.combine(high) }
    }

    private let key0: UInt64
    private let key1: UInt64

    init(key0: UInt64, key1: UInt64) {
        self.key0 = key0
        self.key1 = key1
    }

    /// With a random key.
    init() {
        var generator = SystemRandomNumberGenerator()
        self.init(key0: generator.next(), key1: generator.next())
    }

    /// Hashes eight bytes, given as a little-endian number, and the text's UTF-8 after them.
    func hash(_ prefix: UInt64, _ text: String) -> Value {
        text.withBytes { hash(prefix, $0) }
    }

    private func hash(_ prefix: UInt64, _ bytes: UnsafeRawBufferPointer) -> Value {
        var state = State(key0, key1)
        state.absorb(prefix)
        let whole = bytes.count & ~7
        var offset = 0
        while offset < whole {
            state.absorb(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count &+ 8) << 56
        while offset < bytes.count {
            last |= UInt64(bytes[offset]) << UInt64((offset & 7) * 8)
            offset += 1
        }
        state.absorb(last)
        return state.finish()
    }

    private struct State {
        private var v0: UInt64
        private var v1: UInt64
        private var v2: UInt64
        private var v3: UInt64

        init(_ key0: UInt64, _ key1: UInt64) {
            v0 = key0 ^ 0x736f_6d65_7073_6575
            v1 = key1 ^ 0x646f_7261_6e64_6f6d ^ 0xEE
            v2 = key0 ^ 0x6c79_6765_6e65_7261
            v3 = key1 ^ 0x7465_6462_7974_6573
        }

        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            mix()
            mix()
            v0 ^= word
        }

        mutating func finish() -> Value {
            v2 ^= 0xEE
            for _ in 0..<4 { mix() }
            let low = v0 ^ v1 ^ v2 ^ v3
            v1 ^= 0xDD
            for _ in 0..<4 { mix() }
            return Value(low: low, high: v0 ^ v1 ^ v2 ^ v3)
        }

        private mutating func mix() {
            v0 = v0 &+ v1
            v2 = v2 &+ v3
            v1 = Self.rotate(v1, 13) ^ v0
            v3 = Self.rotate(v3, 16) ^ v2
            v0 = Self.rotate(v0, 32)
            v2 = v2 &+ v1
            v0 = v0 &+ v3
            v1 = Self.rotate(v1, 17) ^ v2
            v3 = Self.rotate(v3, 21) ^ v0
            v2 = Self.rotate(v2, 32)
        }

        private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 {
            word &<< count | word &>> (64 - count)
        }
    }
}
