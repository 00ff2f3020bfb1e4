public import FoundationEssentials
import Octets

/// How ids are read that come from outside: UUID's own `init(uuidString:)` takes signs, blanks and `0x` for digits, and
/// twenty times the instructions.
extension UUID {
    /// Reads the form with dashes, in letters of either case (RFC 9562 §4).
    public init?(canonical text: String) {
        guard let id = text.withBytes({ UUID(canonical: $0) }) else { return nil }
        self = id
    }

    /// Reads the same of a field's bytes, of which no text is made.
    public init?(canonical text: UnsafeRawBufferPointer) {
        guard text.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (place, byte) in text.enumerated() {
            if place == 8 || place == 13 || place == 18 || place == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Hexadecimal.value(of: byte) else { return nil }
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
