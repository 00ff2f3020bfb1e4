/// Base64url without padding (RFC 4648 §5, RFC 7515 §2), strict: every text has one reading and every value one text.
package enum Base64URL {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// Adds the text form of `bytes` to `text`.
    package static func append(_ bytes: some Collection<UInt8>, to text: inout [UInt8]) {
        let isDone: Void? = bytes.withContiguousStorageIfAvailable { append($0, to: &text) }
        if isDone == nil { ContiguousArray(bytes).withUnsafeBufferPointer { append($0, to: &text) } }
    }

    /// Three bytes at a time, since each token passes here. Safe as what is written has the length that there is room for,
    /// and as no byte is read that `bytes` does not have.
    private static func append(_ bytes: UnsafeBufferPointer<UInt8>, to text: inout [UInt8]) {
        let length = (bytes.count * 4 + 2) / 3
        text.append(addingCapacity: length) { span in
            span.withUnsafeMutableBufferPointer { room, written in
                var target = 0
                func write(_ group: UInt32, digits: Int) {
                    for shift in stride(from: 18, to: 18 - 6 * digits, by: -6) {
                        room.initializeElement(
                            at: target, to: alphabet.utf8Start[Int(group >> UInt32(truncatingIfNeeded: shift) & 0x3F)])
                        target += 1
                    }
                }
                var source = 0
                while source + 3 <= bytes.count {
                    let high = UInt32(bytes[source]) << 16 | UInt32(bytes[source + 1]) << 8
                    write(high | UInt32(bytes[source + 2]), digits: 4)
                    source += 3
                }
                switch bytes.count - source {
                case 2: write(UInt32(bytes[source]) << 16 | UInt32(bytes[source + 1]) << 8, digits: 3)
                case 1: write(UInt32(bytes[source]) << 16, digits: 2)
                default: break
                }
                written = target
            }
        }
    }

    /// The text form of `bytes`.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 4 / 3 + 2)
        append(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text, or nil for another character, padding, an impossible length, or unused bits that are set.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var accumulator: UInt32 = 0
        var bits = 0
        for character in text {
            guard let value = value(character) else { return nil }
            accumulator = accumulator << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: accumulator >> UInt32(bits)))
            }
            accumulator &= 0xFF
        }
        // A last character with other unused bits would be a second text for the same bytes.
        guard accumulator & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
