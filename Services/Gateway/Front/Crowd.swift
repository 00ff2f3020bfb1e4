import CMalloc
import NIOCore
import NIOPosix

/// Tells when many connections have left at once, and gives the memory back that they took.
///
/// glibc keeps what an event loop's thread has freed for that thread, wherever a piece still in use lies above it: after
/// 500 TLS connections that is some 30 MiB a loop.
struct Crowd {
    /// Fewer are not worth the look.
    private static let least = 64
    /// The time between two looks, which touch every free page.
    private static let pause = TimeAmount.seconds(10)

    private var most = 0
    private var last = 0
    private var since: NIODeadline?

    /// Whether half of the connections have left, and their memory was not given back yet.
    private(set) var hasLeft = false

    /// Notes how many connections there are now.
    /// - Returns: Whether memory is to be given back now.
    mutating func isOver(_ count: Int, _ now: NIODeadline) -> Bool {
        // What a connection holds is freed a little after it is gone, so all has to be calm since the look before.
        defer { last = count }
        most = max(most, count)
        hasLeft = most >= Self.least && count <= most / 2
        if let since, now - since < Self.pause { return false }
        guard hasLeft, count == last else { return false }
        (most, since, hasLeft) = (count, now, false)
        return true
    }

    /// Gives free pages back to the system, on a thread that nobody waits for.
    static func giveMemoryBack() {
        NIOThreadPool.singleton.submit { _ in malloc_trim(0) }
    }
}
