/// Which metadata names hold what must not be written.
enum LogRedaction {
    /// Whether the name contains a word for something secret, in any case of letters, `-` counting as `_`.
    static func applies(to name: String) -> Bool {
        var name = name
        return name.withUTF8 { name in
            for start in name.indices {
                // Most names end here at every letter: only five begin one of the words.
                let isFound =
                    switch lowered(name[start]) {
                    case UInt8(ascii: "p"):
                        matches("pass", name, start)
                            ? matches("password", name, start) || matches("passwd", name, start)
                                || matches("passphrase", name, start)
                            : matches("private_key", name, start)
                    case UInt8(ascii: "s"): matches("secret", name, start)
                    case UInt8(ascii: "t"): matches("token", name, start)
                    case UInt8(ascii: "a"):
                        matches("authorization", name, start) || matches("api_key", name, start)
                            || matches("apikey", name, start)
                    case UInt8(ascii: "c"): matches("cookie", name, start) || matches("credential", name, start)
                    default: false
                    }
                if isFound { return true }
            }
            return false
        }
    }

    private static func matches(_ word: StaticString, _ name: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
        let count = word.utf8CodeUnitCount
        guard name.count - start >= count else { return false }
        // Both indices stay below the counts just compared.
        for offset in 0..<count where lowered(name[start + offset]) != word.utf8Start[offset] { return false }
        return true
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case UInt8(ascii: "-"): UInt8(ascii: "_")
        default: byte
        }
    }
}
