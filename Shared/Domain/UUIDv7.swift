public import FoundationEssentials

extension UUID {
    /// Makes a UUID of version 7 (RFC 9562 §5.7): 48 bits of Unix time in milliseconds, 74 random bits.
    ///
    /// Ids made later sort later, so an index on them grows at its end.
    /// - Parameters:
    ///   - now: The time to write into it.
    ///   - random: The source of its random bits.
    public static func v7(at now: Date = Date(), using random: inout some RandomNumberGenerator) -> UUID {
        let milliseconds = UInt64(max(0, now.timeIntervalSince1970 * 1000))
        let high = milliseconds << 16 | 0x7000 | random.next() & 0x0FFF
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return UUID(high: high, low: low)
    }

    /// Makes a UUID of version 7 from the system's clock and random source.
    public static func v7() -> UUID {
        var random = SystemRandomNumberGenerator()
        return v7(using: &random)
    }

    /// A UUID from its two halves, the first byte being the top byte of `high`.
    public init(high: UInt64, low: UInt64) {
        func byte(_ half: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: half >> (56 - 8 * index)) }
        self.init(
            uuid: (
                byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5),
                byte(high, 6), byte(high, 7), byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3),
                byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
            ))
    }

    /// The lower-case text form, which is the only one shown outside (RFC 9562 §4).
    public var text: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            let digits: StaticString = "0123456789abcdef"
            let bytes = self.uuid
            return withUnsafeBytes(of: bytes) { source in
                var position = 0
                for index in 0..<16 {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        buffer[position] = UInt8(ascii: "-")
                        position += 1
                    }
                    buffer[position] = digits.utf8Start[Int(source[index] >> 4)]
                    buffer[position + 1] = digits.utf8Start[Int(source[index] & 0xF)]
                    position += 2
                }
                return position
            }
        }
    }
}
