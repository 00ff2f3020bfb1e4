import Glibc

/// A pipe by which other threads interrupt the database thread's `poll`. Closed when nobody can write to it any more.
final class WakeSignal: Sendable {
    /// To be polled for reading.
    let descriptor: CInt
    private let writer: CInt

    /// Nil when the process has no file descriptor left.
    init?() {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        descriptor = ends[0]
        writer = ends[1]
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(descriptor)
        close(writer)
    }

    /// Makes the descriptor readable. A full pipe is fine: the thread is then about to wake anyway.
    func raise() {
        var byte: UInt8 = 1
        while write(writer, &byte, 1) < 0, errno == EINTR {}
    }

    /// Takes back all that was raised.
    func lower() {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            while read(descriptor, buffer.baseAddress, buffer.count) == buffer.count {}
        }
    }
}
