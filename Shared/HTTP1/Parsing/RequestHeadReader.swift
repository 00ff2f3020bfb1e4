import HTTPFields

/// Reads a request's head. It keeps its place and what it has read when the bytes end before the head does.
struct RequestHeadReader: Sendable {
    private var line = RequestLineScanner()
    private var target: RequestTarget?
    private var section: HeadSection?

    /// How many bytes were looked at; once the head is whole, its length.
    var cursor: Int { section?.cursor ?? line.cursor }

    /// Reads on.
    /// - Parameter bytes: All that came since the head began.
    /// - Returns: The head when it is whole.
    mutating func read(_ bytes: Bytes, _ limits: HTTP1Limits) throws(HTTP1Fault) -> HTTP1RequestHead? {
        let window = bytes.prefix(limits.head)
        if try readLine(window, limits), try section?.read(window) == true { return try head(window) }
        guard window.count == limits.head else { return nil }
        throw line.isInTarget ? .targetTooLong : .headTooLarge
    }

    private mutating func readLine(_ bytes: Bytes, _ limits: HTTP1Limits) throws(HTTP1Fault) -> Bool {
        guard section == nil else { return true }
        guard try line.scan(bytes, targetLimit: limits.target) else { return false }
        target = try RequestTarget(bytes[line.target], method: bytes[line.method])
        section = HeadSection(ofRequest: true, from: line.cursor, limits)
        return true
    }

    /// Judges the whole and hands it out.
    private func head(_ bytes: Bytes) throws(HTTP1Fault) -> HTTP1RequestHead? {
        guard let target, let section else { return nil }
        let (facts, version) = (section.facts, line.minorVersion)
        let framing = try facts.requestFraming(version)
        var fields = section.block(bytes)
        if let authority = target.authority.map({ bytes[line.target][$0] }) {
            if !facts.hasHost {
                fields.append("host", authority.text)
            } else if fields.withValue(of: "host", { Bytes($0)?.matches(authority) }) != true {
                throw .otherHost
            }
        }
        return HTTP1RequestHead(
            method: bytes[line.method].text,
            target: target.text(of: bytes[line.target]), minorVersion: version, fields: fields, framing: framing,
            keepsAlive: facts.keepsAlive(version), expectsContinue: version > 0 && facts.expectsContinue,
            upgrade: version > 0 && facts.upgrades)
    }
}
