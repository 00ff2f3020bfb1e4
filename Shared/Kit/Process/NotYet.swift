/// Something that readiness waits for.
public struct NotYet: Error, CustomStringConvertible {
    /// What it is, for the log and the readiness probe.
    public let reason: String

    /// That, with the reason it is waited for.
    public init(reason: String) {
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
