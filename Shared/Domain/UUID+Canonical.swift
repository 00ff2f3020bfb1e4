public import FoundationEssentials
import Octets

/// How ids are read, wherever they come from: UUID's own `init(uuidString:)` takes signs, blanks and `0x` for digits, and
/// twenty times the instructions.
extension UUID {
    /// Reads the form with dashes, in letters of either case (RFC 9562 §4).
    public init?(canonical text: String) {
        guard let id = text.withBytes({ UUID(canonical: $0) }) else { return nil }
        self = id
    }

    /// The same of bytes.
    public init?(canonical text: UnsafeRawBufferPointer) {
        guard text.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (place, byte) in text.enumerated() {
            if place == 8 || place == 13 || place == 18 || place == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x61...0x66: digit = byte - 0x57
            case 0x41...0x46: digit = byte - 0x37
            default: return nil
            }
            if digits < 16 {
                halves.0 = halves.0 << 4 | UInt64(digit)
            } else {
                halves.1 = halves.1 << 4 | UInt64(digit)
            }
            digits += 1
        }
        self.init(high: halves.0, low: halves.1)
    }
}
