import Synchronization

/// Whether a process was told to end. Raised before anything closes.
public final class ShutdownNotice: Sendable {
    private let given = Atomic(false)

    init() {}

    /// Whether it was told.
    public var isGiven: Bool { given.load(ordering: .relaxed) }

    func give() { given.store(true, ordering: .relaxed) }
}
