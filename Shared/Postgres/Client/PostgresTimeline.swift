/// Which history a server goes on writing. The promotion of a standby begins a new one of the same cluster: what the old
/// primary wrote and the standby had not received is not part of it.
public struct PostgresTimeline: Sendable, Hashable {
    /// The cluster, which a primary and its standbys have in common.
    public let system: Int64
    /// Rises with each promotion.
    public let number: UInt32

    /// A timeline of a cluster.
    public init(system: Int64, number: UInt32) {
        self.system = system
        self.number = number
    }

    /// Whether the other one is a later one of the same cluster. A server that still writes this one is an old primary.
    func isSuperseded(by other: PostgresTimeline) -> Bool {
        system == other.system && number < other.number
    }
}

extension PostgresTimeline: CustomStringConvertible {
    /// The cluster and the number.
    public var description: String { "\(system)/\(number)" }
}
