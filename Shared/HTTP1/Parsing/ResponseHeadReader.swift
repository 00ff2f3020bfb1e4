/// Reads an answer's head. It keeps its place and what it has read when the bytes end before the head does.
struct ResponseHeadReader: Sendable {
    private var line = StatusLineScanner()
    private var section: HeadSection?

    /// How many bytes were looked at; once the head is whole, its length.
    var cursor: Int { section?.cursor ?? line.cursor }

    /// Reads on.
    /// - Parameters:
    ///   - bytes: All that came since the head began.
    ///   - method: That of the request.
    /// - Returns: The head when it is whole.
    mutating func read(
        _ bytes: Bytes, _ limits: HTTP1Limits, answerTo method: RequestMethod
    ) throws(HTTP1Fault) -> HTTP1ResponseHead? {
        let window = bytes.prefix(limits.head)
        if try readLine(window, limits), try section?.read(window) == true { return try head(window, method) }
        guard window.count == limits.head else { return nil }
        throw .headTooLarge
    }

    private mutating func readLine(_ bytes: Bytes, _ limits: HTTP1Limits) throws(HTTP1Fault) -> Bool {
        guard section == nil else { return true }
        guard try line.scan(bytes) else { return false }
        section = HeadSection(ofRequest: false, from: line.cursor, limits)
        return true
    }

    /// Judges the whole and hands it out (RFC 9112 §6.3).
    private func head(_ bytes: Bytes, _ method: RequestMethod) throws(HTTP1Fault) -> HTTP1ResponseHead? {
        guard let section else { return nil }
        let (facts, status, version) = (section.facts, line.status, line.minorVersion)
        let announced = try facts.framing(version)
        var framing = announced ?? .untilClose
        var keepsAlive = facts.keepsAlive(version)
        switch (status, method) {
        case (100..<200, _):
            guard !facts.announcesBody else { throw .interimWithBody }
            framing = .none
        case (204, _):
            // Who announces a body all the same may well send it, where the next answer is looked for.
            if facts.announcesBody { keepsAlive = false }
            framing = .none
        case (304, _), (_, .head):
            framing = .none
        case (200..<300, .connect):
            framing = .none
            keepsAlive = false
        default:
            if framing == .untilClose { keepsAlive = false }
        }
        return HTTP1ResponseHead(
            status: status, minorVersion: version, fields: section.block(bytes), framing: framing,
            keepsAlive: keepsAlive && status != 101)
    }
}
