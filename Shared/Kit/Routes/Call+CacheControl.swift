import HTTPTypes
import Octets

extension Call {
    /// Whether the caller wants no answer from a cache (RFC 9111 §5.2.1).
    public var wantsFresh: Bool {
        guard let wish = head.headerFields[.cacheControl] else { return false }
        return wish.words(between: ",").contains { directive in
            let name = directive.withoutBlanks.lowercased()
            return name == "no-cache" || name == "no-store" || name == "max-age=0"
        }
    }
}
