import CMalloc
import NIOCore
import NIOPosix

/// Tells when many connections have left at once, and gives the memory back that they took.
///
/// glibc keeps what an event loop's thread has freed for that thread, wherever a piece still in use lies above it: after
/// 500 TLS connections that is some 30 MiB a loop.
struct Crowd {
    /// Fewer are not worth the look, which touches every free page.
    private static let least = 64
    /// What a TLS connection holds is freed up to five seconds after it is gone.
    private static let calm = TimeAmount.seconds(6)

    private var most = 0
    private var thinSince: NIODeadline?

    /// Whether half of the connections have left, and their memory was not given back yet.
    var hasLeft: Bool { thinSince != nil }

    /// Notes how many connections there are now.
    /// - Returns: Whether memory is to be given back now.
    mutating func isOver(_ count: Int, _ now: NIODeadline) -> Bool {
        most = max(most, count)
        guard most >= Self.least, count <= most / 2 else {
            thinSince = nil
            return false
        }
        let since = thinSince ?? now
        thinSince = since
        guard now - since >= Self.calm else { return false }
        (most, thinSince) = (count, nil)
        return true
    }

    /// Gives free pages back to the system, on a thread that nobody waits for.
    static func giveMemoryBack() {
        NIOThreadPool.singleton.submit { _ in malloc_trim(0) }
    }
}
