import Octets

/// The value of a `tracestate` header (W3C Trace Context, section 3.3), passed on as it came within limits.
public enum TraceState {
    /// What is passed on is never longer, in bytes: the least the specification asks for.
    public static let maximumBytes = 512
    /// What is passed on never has more members (section 3.3.1.1).
    public static let maximumMembers = 32

    /// What to pass on of `text`: all of it where it fits, else its first members, those of more than 128 bytes left
    /// out before others; nothing when a byte in it is none that a header of this kind may hold.
    public static func accepted(_ text: String) -> String {
        let utf8 = text.utf8
        guard utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else { return "" }
        if utf8.count <= maximumBytes, utf8.count(where: { $0 == UInt8(ascii: ",") }) < maximumMembers {
            return text.utf8.contains(0x09) ? joined(text, longest: maximumBytes) : text
        }
        return joined(text, longest: utf8.count <= maximumBytes ? maximumBytes : 128)
    }

    private static func joined(_ text: String, longest: Int) -> String {
        var kept = ""
        var members = 0
        for part in text.words(between: ",") {
            let member = part.trimmed
            guard !member.isEmpty, member.utf8.count <= longest, !member.utf8.contains(0x09) else { continue }
            guard members < maximumMembers, kept.utf8.count + member.utf8.count < maximumBytes else { break }
            if members > 0 { kept += "," }
            kept += member
            members += 1
        }
        return kept
    }
}
