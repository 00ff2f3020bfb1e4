/// How log records are written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// Text on a terminal, JSON everywhere else.
    case automatic = "auto"
    /// One JSON object a line.
    case json
    /// A line for human eyes, coloured on a terminal.
    case text
}
