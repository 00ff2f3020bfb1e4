/// Frames of HTTP/2 for a test to send as it likes.
enum RawHTTP2 {
    /// What a client begins with: the preface and empty SETTINGS.
    static let beginning = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings
    static let settings = frame(type: 4, stream: 0)
    static let ping = frame(type: 6, stream: 0, Array(repeating: 7, count: 8))

    static func frame(type: UInt8, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
        let length = UInt32(payload.count)
        return [UInt8(length >> 16), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), type, flags]
            + number(stream) + payload
    }

    /// A request's head, its fields literal and unindexed (RFC 7541 §6.2.2); ends the stream unless told.
    static func request(_ fields: [(String, String)], stream: UInt32, ends: Bool = true) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields { block += [0x00] + text(name) + text(value) }
        return frame(type: 1, flags: ends ? 0x05 : 0x04, stream: stream, block)
    }

    static func get(_ path: String, stream: UInt32, further: [(String, String)] = []) -> [UInt8] {
        request(
            [(":method", "GET"), (":scheme", "http"), (":authority", "x"), (":path", path)] + further, stream: stream)
    }

    /// The payloads of all frames of a type.
    static func frames(_ bytes: [UInt8], type: UInt8) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var rest = bytes[...]
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            if head[3] == type { found.append(Array(rest.dropFirst(9).prefix(length))) }
            rest = rest.dropFirst(9 + length)
        }
        return found
    }

    static func reset(stream: UInt32) -> [UInt8] { frame(type: 3, stream: stream, number(8)) }

    private static func number(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }

    private static func text(_ text: String) -> [UInt8] {
        var length = text.utf8.count
        guard length >= 127 else { return [UInt8(length)] + Array(text.utf8) }
        length -= 127
        var octets: [UInt8] = [127]
        while length >= 128 {
            octets.append(UInt8(length & 0x7F) | 0x80)
            length >>= 7
        }
        return octets + [UInt8(length)] + Array(text.utf8)
    }
}
