/// What may stand in `Host` and before a target's path: a host and a port (RFC 9110 §7.2, RFC 3986 §3.2).
///
/// Narrower than the grammar, which lets a name have commas, quotes and escaped bytes that no name on the wire has and
/// that programs read differently.
enum Host {
    static func isValid(_ bytes: Bytes) -> Bool {
        guard (1...262).contains(bytes.count) else { return false }
        let end: Int
        if bytes[0] == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")), isAddress(bytes[1..<bracket]) else {
                return false
            }
            end = bracket + 1
        } else {
            end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            guard isName(bytes[0..<end]) else { return false }
        }
        guard end < bytes.count else { return true }
        return bytes[end] == UInt8(ascii: ":") && isPort(bytes[end + 1..<bytes.count])
    }

    /// Labels between dots, none empty but that behind a last dot.
    private static func isName(_ bytes: Bytes) -> Bool {
        guard !bytes.isEmpty, bytes.count <= 255 else { return false }
        var previous = UInt8(ascii: ".")
        for index in 0..<bytes.count {
            let byte = bytes[index]
            guard ByteClass.isHost(byte), byte != UInt8(ascii: ".") || previous != byte else { return false }
            previous = byte
        }
        return true
    }

    private static func isPort(_ bytes: Bytes) -> Bool {
        guard (1...5).contains(bytes.count) else { return false }
        var port = 0
        for index in 0..<bytes.count {
            guard ByteClass.isDigit(bytes[index]) else { return false }
            port = port * 10 + Int(bytes[index] &- UInt8(ascii: "0"))
        }
        return (1...65_535).contains(port)
    }

    /// An IPv6 address: eight groups of up to four hexadecimal digits, or fewer with one `::`; an IPv4 address may stand
    /// for the last two.
    private static func isAddress(_ bytes: Bytes) -> Bool {
        var groups = 0
        var isShortened = false
        var index = 0
        if bytes.count >= 2, bytes[0] == UInt8(ascii: ":") {
            guard bytes[1] == UInt8(ascii: ":") else { return false }
            isShortened = true
            index = 2
        }
        while index < bytes.count {
            let start = index
            while index < bytes.count, ByteClass.hexadecimal(bytes[index]) != nil { index += 1 }
            if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
                guard isFourParts(bytes[start..<bytes.count]) else { return false }
                groups += 2
                break
            }
            guard (1...4).contains(index - start) else { return false }
            groups += 1
            guard index < bytes.count else { break }
            guard bytes[index] == UInt8(ascii: ":") else { return false }
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: ":") {
                guard !isShortened else { return false }
                isShortened = true
                index += 1
            } else if index == bytes.count {
                return false
            }
        }
        return isShortened ? groups < 8 : groups == 8
    }

    /// An IPv4 address: four numbers up to 255 without leading zeros.
    private static func isFourParts(_ bytes: Bytes) -> Bool {
        var parts = 0
        var index = 0
        while index < bytes.count {
            let start = index
            var number = 0
            while index < bytes.count, ByteClass.isDigit(bytes[index]), index - start < 3 {
                number = number * 10 + Int(bytes[index] &- UInt8(ascii: "0"))
                index += 1
            }
            guard index > start, number <= 255, index - start == 1 || bytes[start] != UInt8(ascii: "0") else {
                return false
            }
            parts += 1
            guard index < bytes.count else { break }
            guard bytes[index] == UInt8(ascii: "."), index + 1 < bytes.count else { return false }
            index += 1
        }
        return parts == 4
    }
}
