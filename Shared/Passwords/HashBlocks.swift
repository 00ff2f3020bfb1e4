import Glibc
import HashMemory
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// The memory that hashes are worked out in, kept from one to the next: to have so many pages entered and cleared for each
/// takes the kernel about as long as the hash itself (docs/decisions/0015).
///
/// There are as many blocks as were hashes at once. What nobody hashed in for a while goes back to the system.
final class HashBlocks: Sendable {
    /// How long a block stays without use.
    static let patience = TimeAmount.seconds(5)

    /// A mapping of this process.
    private struct Block: @unchecked Sendable {
        // Safe to send: one thread at a time has it, the one that took it out of `State.free`.
        let start: UnsafeMutableRawPointer
        let lastUsed: NIODeadline
    }

    private struct State {
        /// The one used last is last.
        var free: [Block] = []
        var isWatched = false
    }

    /// What processors of today can map as one page.
    private static let largePage = 2 << 20

    private let size: Int
    /// Whole large pages.
    private let mapped: Int
    private let state = NIOLockedValueBox(State())

    /// Blocks for hashes of so many bytes; larger ones are left to the system.
    init(bytes: Int) {
        size = bytes
        mapped = (bytes + Self.largePage - 1) / Self.largePage * Self.largePage
    }

    deinit {
        state.withLockedValue { state in
            for block in state.free { munmap(block.start, mapped) }
        }
    }

    /// Bytes that are held and not in use.
    var idleBytes: Int { state.withLockedValue { $0.free.count * mapped } }

    /// Does some hashing of this thread in a block.
    /// - Returns: What the work returned, and whether it used the block.
    func lend<R>(_ work: () -> R) -> (result: R, wasUsed: Bool) {
        guard let block = take() else { return (work(), false) }
        hash_memory_lend(block.start, size)
        let result = work()
        let outcome = hash_memory_take_back()
        // One that its borrower still has, or has given back in parts, is left to it.
        if outcome != hash_memory_kept { keep(block) }
        return (result, outcome == hash_memory_used)
    }

    /// Gives back to the system what was not used since a time.
    func release(unusedSince time: NIODeadline) {
        let released = state.withLockedValue { state in
            let count = state.free.prefix { $0.lastUsed <= time }.count
            defer { state.free.removeFirst(count) }
            return Array(state.free.prefix(count))
        }
        for block in released { munmap(block.start, mapped) }
    }

    private func take() -> Block? {
        if let block = state.withLockedValue({ $0.free.popLast() }) { return block }
        guard let start = map() else { return nil }
        // What is left of a hash is of no use to whoever has not the password, and still nothing for a dump.
        madvise(start, mapped, MADV_DONTDUMP)
        // A hash reads from all over it: of ten pages the processor knows where they are, of five thousand not.
        madvise(start, mapped, MADV_HUGEPAGE)
        return Block(start: start, lastUsed: .now())
    }

    /// Memory that begins where a large page may.
    private func map() -> UnsafeMutableRawPointer? {
        let start = mmap(nil, mapped + Self.largePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start, start != MAP_FAILED else { return nil }
        let aligned = start.alignedUp(toMultipleOf: Self.largePage)
        let before = aligned - start
        if before > 0 { munmap(start, before) }
        munmap(aligned + mapped, Self.largePage - before)
        return aligned
    }

    private func keep(_ block: Block) {
        let begins = state.withLockedValue { state in
            state.free.append(Block(start: block.start, lastUsed: .now()))
            defer { state.isWatched = true }
            return !state.isWatched
        }
        if begins { watch() }
    }

    /// Looks after a while, and again as long as there are blocks. To unmap one takes a millisecond, and so a thread that may
    /// wait.
    private func watch() {
        MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: Self.patience) { [weak self] in
            guard let self else { return }
            NIOThreadPool.singleton.submit { _ in
                self.release(unusedSince: .now() - Self.patience)
                let isDone = self.state.withLockedValue { state in
                    state.isWatched = !state.free.isEmpty
                    return !state.isWatched
                }
                if !isDone { self.watch() }
            }
        }
    }
}
