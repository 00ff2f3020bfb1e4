import Domain

/// The 16 bytes that all spans of a trace share; never all zero.
public struct TraceID: Sendable, Hashable, CustomStringConvertible {
    /// The first eight bytes, big endian.
    public let high: UInt64
    /// The last eight bytes, big endian.
    public let low: UInt64

    /// An id of those halves; nil when both are zero.
    public init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// A new id.
    public init(_ identifiers: IdentifierSource) {
        high = identifiers.next()
        low = identifiers.next()
    }

    /// 32 lower-case hexadecimal digits.
    public var description: String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            // The capacity asked for is at least the 32 bytes written.
            Hexadecimal.write(high, into: buffer, at: 0)
            Hexadecimal.write(low, into: buffer, at: 16)
            return 32
        }
    }
}

/// The eight bytes that name one span; never zero.
public struct SpanID: Sendable, Hashable, CustomStringConvertible {
    /// The bytes, big endian.
    public let value: UInt64

    /// An id of that value; nil when it is zero.
    public init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    /// A new id.
    public init(_ identifiers: IdentifierSource) {
        value = identifiers.next()
    }

    /// 16 lower-case hexadecimal digits.
    public var description: String {
        String(unsafeUninitializedCapacity: 16) { buffer in
            // The capacity asked for is at least the 16 bytes written.
            Hexadecimal.write(value, into: buffer, at: 0)
            return 16
        }
    }
}

/// Whole numbers in lower-case digits, the only ones trace context allows.
extension Hexadecimal {
    /// Writes 16 digits; the caller has made sure of room from `offset` on.
    static func write(_ value: UInt64, into buffer: UnsafeMutableBufferPointer<UInt8>, at offset: Int) {
        let room = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[offset..<offset + 16])
        room.storeBytes(of: digits(UInt32(truncatingIfNeeded: value >> 32)).bigEndian, as: UInt64.self)
        room.storeBytes(of: digits(UInt32(truncatingIfNeeded: value)).bigEndian, toByteOffset: 8, as: UInt64.self)
    }

    /// The eight digits of a value, the first as the highest byte; all at once.
    private static func digits(_ value: UInt32) -> UInt64 {
        var spread = UInt64(value)
        spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff
        spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff
        spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f
        // 1 in each byte from 10 on, where a letter stands 39 behind where a digit would.
        let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ letters &* 39
    }

    /// Reads `count` (at most 16) digits; nil unless all are. The caller has made sure that they lie in `bytes`.
    static func read(_ bytes: UnsafeRawBufferPointer, at offset: Int, count: Int) -> UInt64? {
        var value: UInt64 = 0
        for index in offset..<(offset + count) {
            switch bytes[index] {
            case let byte where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
                value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
            case let byte where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte):
                value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}
