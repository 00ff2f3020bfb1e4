import Logging

/// Makes one line of one record.
struct LogLineRenderer: Sendable {
    /// How lines look.
    enum Style: Sendable {
        case json
        case text(isColored: Bool)
    }

    /// No line grows beyond this by another metadata entry, in bytes.
    static let maximumLineBytes = 65_536
    /// How deep a metadata value's arrays and dictionaries are written.
    static let maximumDepth = 4

    /// The process, as every record names it.
    let service: String
    let style: Style
    private let clock = LogTimeWriter()

    init(service: String, style: Style) {
        self.service = service
        self.style = style
    }

    /// The line with its line feed.
    func line(
        _ level: Logger.Level, _ message: String, metadata: Logger.Metadata = [:], label: String = "", at time: LogTime
    ) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(512)
        switch style {
        case .json: appendJSON(level, message, metadata, label, time, to: &line)
        case .text(let isColored): appendText(level, message, metadata, label, time, isColored, to: &line)
        }
        line.append(0x0A)
        return line
    }

    private func appendJSON(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, _ label: String, _ time: LogTime,
        to line: inout [UInt8]
    ) {
        begin(level, message, at: time, &line)
        if !label.isEmpty, label != service {
            line.append(contentsOf: #","logger":"#.utf8)
            LogValue.appendQuoted(label, to: &line)
        }
        let isComplete = forEach(metadata, &line) { name, value, line in
            line.append(UInt8(ascii: ","))
            LogValue.appendQuoted(Self.isReserved(name) ? "_" + name : name, to: &line)
            line.append(UInt8(ascii: ":"))
            LogValue.append(value, named: name, to: &line)
        }
        if !isComplete { line.append(contentsOf: #","truncated":true"#.utf8) }
        line.append(UInt8(ascii: "}"))
    }

    /// What every record of JSON begins with.
    func begin(_ level: Logger.Level, _ message: String, at time: LogTime, _ line: inout [UInt8]) {
        line.append(contentsOf: #"{"timestamp":""#.utf8)
        clock.append(time, to: &line)
        line.append(contentsOf: #"","level":""#.utf8)
        line.append(contentsOf: level.rawValue.utf8)
        line.append(contentsOf: #"","message":"#.utf8)
        LogValue.appendQuoted(message, to: &line)
        line.append(contentsOf: #","service":"#.utf8)
        LogValue.appendQuoted(service, to: &line)
    }

    private func appendText(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, _ label: String, _ time: LogTime,
        _ isColored: Bool, to line: inout [UInt8]
    ) {
        clock.append(time, to: &line)
        line.append(0x20)
        if isColored { line.append(contentsOf: Self.color(level).utf8) }
        let name = level.rawValue.uppercased()
        line.append(contentsOf: name.utf8)
        if isColored { line.append(contentsOf: "\u{1B}[0m".utf8) }
        for _ in name.utf8.count..<9 { line.append(0x20) }
        if !label.isEmpty, label != service {
            var budget = LogEscaping.maximumValueBytes
            LogEscaping.append(label, budget: &budget, to: &line)
            line.append(contentsOf: ": ".utf8)
        }
        var budget = LogEscaping.maximumValueBytes
        LogEscaping.append(message, budget: &budget, quotes: false, to: &line)
        let isComplete = forEach(metadata, &line) { name, value, line in
            line.append(0x20)
            if isColored { line.append(contentsOf: "\u{1B}[2m".utf8) }
            LogValue.appendBare(name, to: &line)
            line.append(UInt8(ascii: "="))
            if isColored { line.append(contentsOf: "\u{1B}[0m".utf8) }
            if case .string(let text) = value, !LogRedaction.applies(to: name) {
                LogValue.appendBare(text, to: &line)
            } else {
                LogValue.append(value, named: name, to: &line)
            }
        }
        if !isComplete { line.append(contentsOf: " …".utf8) }
    }

    /// Visits the leading entries, then the rest by name; false when the line's length ended it early.
    private func forEach(
        _ metadata: Logger.Metadata, _ line: inout [UInt8],
        _ visit: (String, Logger.MetadataValue, inout [UInt8]) -> Void
    ) -> Bool {
        guard !metadata.isEmpty else { return true }
        // Places are sorted, not entries: they cost nothing to copy, and nothing is looked up again.
        var places: [Logger.Metadata.Index] = []
        places.reserveCapacity(metadata.count)
        places.append(contentsOf: metadata.indices)
        places.sort { left, right in
            let (left, right) = (metadata.keys[left], metadata.keys[right])
            let (leftRank, rightRank) = (Self.rank(left), Self.rank(right))
            return leftRank != rightRank ? leftRank < rightRank : leftRank == Self.lastRank && left < right
        }
        for place in places {
            guard line.count < Self.maximumLineBytes else { return false }
            visit(metadata.keys[place], metadata.values[place], &line)
        }
        return true
    }

    /// Where in a line the entry stands: what ties records together comes first, all else after it.
    private static func rank(_ name: String) -> Int {
        // Lengths tell most names apart before any text is compared.
        switch name.utf8.count {
        case 10 where name == "request_id": 0
        case 8 where name == "trace_id": 1
        case 6 where name == "tenant": 2
        case 7 where name == "subject": 3
        default: lastRank
        }
    }

    private static let lastRank = 4

    /// Names the record itself uses; metadata of that name gets an underscore before it.
    private static func isReserved(_ name: String) -> Bool {
        switch name.utf8.count {
        case 5: name == "level"
        case 6: name == "logger"
        case 7: name == "message" || name == "service"
        case 9: name == "timestamp"
        default: false
        }
    }

    private static func color(_ level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "\u{1B}[90m"
        case .info: "\u{1B}[32m"
        case .notice: "\u{1B}[36m"
        case .warning: "\u{1B}[33m"
        case .error: "\u{1B}[31m"
        case .critical: "\u{1B}[1;31m"
        }
    }
}
