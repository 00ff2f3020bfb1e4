import HTTPTypes

extension Call {
    /// Whether the caller wants no answer from a cache (RFC 9111 §5.2.1).
    public var wantsFresh: Bool {
        guard let wish = head.headerFields[.cacheControl] else { return false }
        return wish.split(separator: ",").contains { directive in
            let name = directive.filter { $0 != " " && $0 != "\t" }.lowercased()
            return name == "no-cache" || name == "no-store" || name == "max-age=0"
        }
    }
}
