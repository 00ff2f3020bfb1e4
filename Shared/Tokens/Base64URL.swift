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
        text.withContiguousStorageIfAvailable(decode) ?? ContiguousArray(text).withUnsafeBufferPointer(decode)
    }

    /// Four characters at a time, since each refresh token passes here. Safe as what is written has the length that there
    /// is room for, and as no character is read that `text` does not have.
    private static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        let (groups, rest) = text.count.quotientAndRemainder(dividingBy: 4)
        guard rest != 1 else { return nil }
        let length = groups * 3 + max(0, rest - 1)
        var isValid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { room, written in
            values.withUnsafeBufferPointer { values in
                /// The bits of all values that were looked up: those of no character set bits that those of others have not.
                var seen: UInt8 = 0
                func value(_ index: Int, shift: UInt32) -> UInt32 {
                    let value = values[Int(text[index])]
                    seen |= value
                    return UInt32(value) &<< shift
                }
                for group in 0..<groups {
                    let (source, target) = (group &* 4, group &* 3)
                    let bits =
                        value(source, shift: 18) | value(source &+ 1, shift: 12) | value(source &+ 2, shift: 6)
                        | value(source &+ 3, shift: 0)
                    room.initializeElement(at: target, to: UInt8(truncatingIfNeeded: bits &>> 16))
                    room.initializeElement(at: target &+ 1, to: UInt8(truncatingIfNeeded: bits &>> 8))
                    room.initializeElement(at: target &+ 2, to: UInt8(truncatingIfNeeded: bits))
                }
                var unused: UInt32 = 0
                if rest > 0 {
                    let (source, target) = (groups * 4, groups * 3)
                    var bits = value(source, shift: 18) | value(source + 1, shift: 12)
                    if rest == 3 {
                        bits |= value(source + 2, shift: 6)
                        room.initializeElement(at: target + 1, to: UInt8(truncatingIfNeeded: bits >> 8))
                    }
                    room.initializeElement(at: target, to: UInt8(truncatingIfNeeded: bits >> 16))
                    // A last character with other unused bits would be a second text for the same bytes.
                    unused = bits & (rest == 3 ? 0xFF : 0xFFFF)
                }
                isValid = seen & invalid == 0 && unused == 0
            }
            written = length
        }
        return isValid ? bytes : nil
    }

    /// Marks what is no character of the alphabet: values have six bits.
    private static let invalid: UInt8 = 0x80

    /// By character.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: invalid, count: 256)
        for value in 0..<UInt8(alphabet.utf8CodeUnitCount) { values[Int(alphabet.utf8Start[Int(value)])] = value }
        return values
    }()
}
