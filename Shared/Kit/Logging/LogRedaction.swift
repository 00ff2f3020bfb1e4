/// Which metadata names hold what must not be written.
enum LogRedaction {
    private static let words: [StaticString] = [
        "password", "passwd", "passphrase", "secret", "token", "authorization", "cookie", "credential", "api_key",
        "apikey", "private_key",
    ]

    /// Whether the name contains one of the words, in any case of letters, `-` counting as `_`.
    static func applies(to name: String) -> Bool {
        var name = name
        return name.withUTF8 { name in
            for start in name.indices {
                // Most names end here at every letter: only six letters begin one of the words.
                switch lowered(name[start]) {
                case UInt8(ascii: "p"), UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "a"), UInt8(ascii: "c"):
                    if words.contains(where: { matches($0, name, at: start) }) { return true }
                default: continue
                }
            }
            return false
        }
    }

    private static func matches(_ word: StaticString, _ name: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
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
