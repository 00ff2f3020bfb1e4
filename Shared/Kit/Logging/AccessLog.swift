import Logging

/// What one line tells of a request that is over.
public struct AccessRecord: Sendable {
    /// How it ended.
    public enum Outcome: String, Sendable {
        /// With a whole answer.
        case answered
        /// The caller left before the answer was whole.
        case callerGone = "caller_gone"
        /// The answer broke off in the middle.
        case brokenOff = "broken_off"
    }

    /// The request's id.
    public var requestID: String
    /// The method as it was sent.
    public var method: String
    /// The path without its query, which may hold secrets.
    public var path: String
    /// `HTTP/1.1` or `HTTP/2`.
    public var version: StaticString
    /// The status of the answer; 0 when there was none.
    public var status: Int
    /// How it ended.
    public var outcome: Outcome
    /// From the head's arrival to the answer's last byte being handed on, in nanoseconds.
    public var duration: Int64
    /// From the request's going on to the service until the answer's head, in nanoseconds; nil when none was asked.
    public var upstreamDuration: Int64?
    /// The service that answered; nil when none was asked.
    public var upstream: String?
    /// The route's prefix.
    public var route: String?
    /// Bytes of the request's body.
    public var received: Int
    /// Bytes of the answer's body.
    public var sent: Int
    /// The caller's address as it was judged.
    public var address: String?
    /// The tenant's slug.
    public var tenant: String?
    /// What the caller says it is.
    public var userAgent: String?

    /// A record of a request; all else is filled in.
    public init(requestID: String, method: String, path: String, version: StaticString, status: Int, outcome: Outcome) {
        self.requestID = requestID
        self.method = method
        self.path = path
        self.version = version
        self.status = status
        self.outcome = outcome
        duration = 0
        received = 0
        sent = 0
    }
}

/// Writes a line for each request, among the process's other lines.
///
/// The line is put together by hand: as metadata of a logger it would cost more than all else the gateway does for a
/// request.
public struct AccessLog: Sendable {
    private let output: LogOutput
    private let renderer: LogLineRenderer

    init(output: LogOutput, renderer: LogLineRenderer) {
        self.output = output
        self.renderer = renderer
    }

    /// Whether lines of this kind are written at all: they have the level `info`.
    public var isOn: Bool { output.level <= .info }

    /// Writes a request's line.
    public func write(_ record: AccessRecord) {
        output.append(renderer.line(record, at: .now))
    }
}

extension LogLineRenderer {
    /// The line of a request, with its line feed.
    func line(_ record: AccessRecord, at time: LogTime) -> [UInt8] {
        guard case .json = style else {
            return line(.info, "\(record.method) \(record.path) \(record.status)", metadata: record.metadata, at: time)
        }
        var line = JSONLine(self, .info, "request", at: time)
        line.text("request_id", record.requestID)
        line.text("method", record.method)
        line.text("path", record.path)
        line.number("status", record.status)
        line.text("outcome", record.outcome.rawValue)
        line.milliseconds("duration_ms", record.duration)
        if let upstream = record.upstream { line.text("upstream", upstream) }
        if let duration = record.upstreamDuration { line.milliseconds("upstream_ms", duration) }
        if let route = record.route { line.text("route", route) }
        if let tenant = record.tenant { line.text("tenant", tenant) }
        if let address = record.address { line.text("address", address) }
        line.number("bytes_in", record.received)
        line.number("bytes_out", record.sent)
        line.text("protocol", record.version.description)
        if let agent = record.userAgent { line.text("user_agent", agent) }
        return line.finish()
    }
}

extension AccessRecord {
    /// For lines that people read.
    fileprivate var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "request_id": "\(requestID)", "duration_ms": "\(duration / 1_000_000)", "bytes_out": "\(sent)",
        ]
        if outcome != .answered { metadata["outcome"] = "\(outcome.rawValue)" }
        if let upstream { metadata["upstream"] = "\(upstream)" }
        if let address { metadata["address"] = "\(address)" }
        return metadata
    }
}

/// A log line of JSON in the making.
private struct JSONLine {
    private var bytes: [UInt8] = []

    init(_ renderer: LogLineRenderer, _ level: Logger.Level, _ message: String, at time: LogTime) {
        bytes.reserveCapacity(512)
        renderer.begin(level, message, at: time, &bytes)
    }

    mutating func text(_ name: StaticString, _ value: String) {
        begin(name)
        LogValue.appendQuoted(value, to: &bytes)
    }

    mutating func number(_ name: StaticString, _ value: Int) {
        begin(name)
        append(value)
    }

    /// A duration in nanoseconds, as milliseconds with three decimals.
    mutating func milliseconds(_ name: StaticString, _ nanoseconds: Int64) {
        begin(name)
        let microseconds = Int(nanoseconds / 1000)
        append(microseconds / 1000)
        bytes.append(UInt8(ascii: "."))
        for divisor in [100, 10, 1] {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: microseconds / divisor % 10))
        }
    }

    mutating func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(0x0A)
        return bytes
    }

    private mutating func begin(_ name: StaticString) {
        bytes.append(UInt8(ascii: ","))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(_ value: Int) {
        // A small number's text needs no allocation.
        bytes.append(contentsOf: String(value).utf8)
    }
}
