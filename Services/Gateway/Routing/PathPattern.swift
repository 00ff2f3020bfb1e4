import Octets

/// Paths with one placeholder in braces, which stands for a segment: `/organizations/{id}/invitations`.
struct PathPattern: Sendable {
    /// What stands before the placeholder.
    private let head: String
    /// What stands behind it.
    private let tail: String

    /// Nil when not exactly one segment is a placeholder with a name of letters.
    init?(_ text: String) {
        guard let open = text.firstIndex(of: "{"), let close = text.firstIndex(of: "}"), open < close else {
            return nil
        }
        (head, tail) = (String(text[..<open]), String(text[close...].dropFirst()))
        let name = text[open..<close].dropFirst()
        guard head.last == "/", tail.isEmpty || tail.first == "/", !name.isEmpty, name.allSatisfy(\.isLetter),
            !tail.contains(where: { $0 == "{" || $0 == "}" })
        else { return nil }
    }

    func matches(_ path: String) -> Bool {
        guard path.utf8.count > head.utf8.count + tail.utf8.count, path.begins(with: head) else { return false }
        let path = path.utf8
        let rest = path.dropFirst(head.utf8.count)
        let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        return end > rest.startIndex && rest[end...].elementsEqual(tail.utf8)
    }
}
