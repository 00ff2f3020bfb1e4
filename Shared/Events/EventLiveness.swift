import Synchronization

/// Whether events arrive as they are made: Redis is linked, and none from before or hinted at since is left unread. What is
/// remembered until an event says otherwise may be used only while this holds.
///
/// Of an event whose hint its writer could not publish this knows nothing; the next read past the cursor finds it, within
/// two seconds.
public final class EventLiveness: Sendable {
    private let live = Atomic(false)

    /// Not live yet.
    public init() {}

    /// Takes no lock.
    public var isLive: Bool { live.load(ordering: .acquiring) }

    func set(_ isLive: Bool) { live.store(isLive, ordering: .releasing) }
}
