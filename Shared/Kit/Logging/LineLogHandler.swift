public import Logging

/// Writes each record as one line of a `LogOutput`.
public struct LineLogHandler: LogHandler {
    /// How long a critical record waits to be written before the caller goes on.
    static let criticalFlush: Duration = .milliseconds(250)

    private let label: String
    private let renderer: LogLineRenderer
    private let output: LogOutput
    private var ownLevel: Logger.Level?

    /// What every record of this logger carries.
    public var metadata: Logger.Metadata = [:]
    /// Adds what the task knows, the trace for example.
    public var metadataProvider: Logger.MetadataProvider?

    init(
        label: String, renderer: LogLineRenderer, output: LogOutput, metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        self.renderer = renderer
        self.output = output
        self.metadataProvider = metadataProvider
    }

    /// The output's level; once set, a level of this logger's own.
    public var logLevel: Logger.Level {
        get { ownLevel ?? output.level }
        set { ownLevel = newValue }
    }

    /// One entry of the logger's metadata.
    public subscript(metadataKey name: String) -> Logger.MetadataValue? {
        get { metadata[name] }
        set { metadata[name] = newValue }
    }

    /// Writes the record. A critical one, which a process may not survive, is written before this returns if the
    /// reader takes it.
    public func log(event: LogEvent) {
        let line = renderer.line(
            event.level, event.message.description, metadata: merged(event), label: label, at: .now)
        output.append(line)
        if event.level == .critical { output.flush(within: Self.criticalFlush) }
    }

    private func merged(_ event: LogEvent) -> Logger.Metadata {
        var merged = metadata
        if let metadataProvider { merged.merge(metadataProvider.get()) { _, new in new } }
        if let own = event.metadata {
            if merged.isEmpty { merged = own } else { merged.merge(own) { _, new in new } }
        }
        if let error = event.error { merged["error"] = .string(String(describing: error)) }
        return merged
    }
}
