import HTTPFields

/// Reads the fields of a head. It notes where they stand; they are copied once, when the head is whole.
struct HeadSection: Sendable {
    private(set) var facts: HeadFacts
    private var scanner: FieldScanner
    private var lines: [HeaderBlock.Line]

    /// Where reading goes on.
    var cursor: Int { scanner.cursor }

    /// - Parameter cursor: Where the first field line begins.
    init(ofRequest isRequest: Bool, from cursor: Int, _ limits: HTTP1Limits) {
        facts = HeadFacts(ofRequest: isRequest)
        scanner = FieldScanner(from: cursor, limit: limits.fields)
        lines = []
        lines.reserveCapacity(16)
    }

    /// Reads on.
    /// - Returns: Whether the section is whole.
    mutating func read(_ bytes: Bytes) throws(HTTP1Fault) -> Bool {
        while true {
            switch try scanner.next(in: bytes) {
            case .field:
                let (name, value) = (scanner.name, scanner.value)
                try facts.note(bytes[name], bytes[value])
                lines.append(HeaderBlock.Line(name: name, value: value))
            case .end: return true
            case .needsMore: return false
            }
        }
    }

    /// The fields of the whole section.
    func block(_ bytes: Bytes) -> HeaderBlock {
        HeaderBlock(lowercasing: bytes.raw, at: lines)
    }
}
