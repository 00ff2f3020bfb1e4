/// What the OAuth `client_id` of a client looks like, as the schema has it (migration 0004).
public enum ClientIdentifier {
    /// Whether `text` is 1 to 64 letters, digits, hyphens and underscores of ASCII. Encoded for a form or not, it is the
    /// same text.
    public static func isOne(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
