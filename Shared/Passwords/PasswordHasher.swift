import Glibc
import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix
import Spans

/// Hashes and checks passwords on its own threads, with a bounded queue: when more is asked than the cores can do, callers
/// are told so at once instead of waiting for memory to run out.
public final class PasswordHasher: Sendable {
    /// What a check found.
    public enum Verification: Sendable, Equatable {
        /// The password is right; its hash may be of old parameters.
        case match(needsRehash: Bool)
        /// It is wrong.
        case mismatch
    }

    private let schemes: PasswordSchemes
    private let pool: NIOThreadPool
    private let blocks: HashBlocks
    private let absent: String
    private let queued = NIOLockedValueBox(0)
    private let metrics: HashMetrics
    /// How many jobs may be under way or wait.
    public let capacity: Int

    /// A hasher.
    /// - Parameters:
    ///   - workers: Threads; one per core unless told.
    ///   - parameters: For new hashes.
    public init(workers: Int? = nil, parameters: Argon2id = Argon2id()) {
        let workers = workers ?? System.coreCount
        schemes = PasswordSchemes(preferred: parameters)
        // A hash of no password, of the same cost as any other: what an unknown account is checked against.
        absent =
            "$argon2id$v=19$m=\(parameters.memory),t=\(parameters.passes),p=1$"
            + "R2F0ZWhvdXNlIGFic2VudA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        capacity = workers * 5
        blocks = HashBlocks(bytes: parameters.memory * 1024)
        metrics = HashMetrics(workers: workers, capacity: capacity)
        pool = NIOThreadPool(numberOfThreads: workers)
        pool.start()
    }

    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// Jobs under way or waiting.
    public var depth: Int { queued.withLockedValue { $0 } }

    /// Refuses at once what would find the queue full in a moment, before other work is done for it in vain.
    /// - Throws: `PasswordError.overloaded`.
    public func admit() throws(PasswordError) {
        guard depth >= capacity else { return }
        metrics.refused(.full)
        throw .overloaded
    }

    /// The stored form of a password.
    /// - Throws: `PasswordError.overloaded` when the queue is full or `deadline` passes before a thread is free.
    public func hash(_ password: Password, deadline: NIODeadline) async throws(PasswordError) -> String {
        let schemes = schemes
        return try await run(deadline) { () throws(PasswordError) in try schemes.preferred.hash(password) }
    }

    /// Checks a password against a stored hash.
    /// - Throws: `PasswordError.overloaded` as `hash`, `.unusableHash` when the stored form can't be evaluated.
    public func verify(
        _ password: Password, against stored: String, deadline: NIODeadline
    ) async throws(PasswordError) -> Verification {
        let schemes = schemes
        return try await run(deadline) { () throws(PasswordError) in
            let scheme = try schemes.scheme(of: stored)
            guard try scheme.matches(password, stored) else { return .mismatch }
            return .match(needsRehash: scheme.isOutdated(stored))
        }
    }

    /// Costs what `verify` costs, for an account that does not exist.
    public func verifyAbsent(_ password: Password, deadline: NIODeadline) async throws(PasswordError) {
        _ = try await verify(password, against: absent, deadline: deadline)
    }

    private func run<R: Sendable>(
        _ deadline: NIODeadline, _ job: @escaping @Sendable () throws(PasswordError) -> R
    ) async throws(PasswordError) -> R {
        guard let place = SpanContext.current else { return try await queue(deadline, job) }
        var span = place.begin("password hash", .inner)
        do {
            let result = try await queue(deadline, job)
            span.end()
            return result
        } catch {
            span.fail(error == .overloaded ? "overloaded" : "unusable")
            span.end()
            throw error
        }
    }

    private func queue<R: Sendable>(
        _ deadline: NIODeadline, _ job: @escaping @Sendable () throws(PasswordError) -> R
    ) async throws(PasswordError) -> R {
        let isAdmitted = queued.withLockedValue { queued in
            guard queued < capacity else { return false }
            queued += 1
            return true
        }
        guard isAdmitted else {
            metrics.refused(.full)
            throw .overloaded
        }
        let outcome: Result<R, PasswordError>
        let (asked, metrics, blocks) = (NIODeadline.now(), metrics, blocks)
        metrics.queued()
        do {
            outcome = try await pool.runIfActive {
                defer { self.queued.withLockedValue { $0 -= 1 } }
                let begun = NIODeadline.now()
                metrics.began(afterWaiting: begun - asked)
                guard begun < deadline else {
                    metrics.ended(after: nil)
                    metrics.refused(.late)
                    return .failure(.overloaded)
                }
                defer { metrics.ended(after: .now() - begun) }
                stepBack()
                let (result, usedBlock) = blocks.lend { () -> Result<R, PasswordError> in
                    do throws(PasswordError) {
                        return .success(try job())
                    } catch {
                        return .failure(error)
                    }
                }
                metrics.worked(inKeptMemory: usedBlock)
                return result
            }
        } catch {
            // The job was cancelled before a thread took it, or the pool is shut down.
            queued.withLockedValue { $0 -= 1 }
            metrics.abandoned()
            throw .overloaded
        }
        return try outcome.get()
    }
}

/// Has this thread wait for others where the cores are all in use: a hash takes ten milliseconds, and whoever is refused, or
/// has signed in before, takes a fraction of one and should not wait for it.
private func stepBack() {
    // On Linux the priority of process 0 is the thread's own. Said again for each hash, which costs nothing beside it.
    _ = setpriority(thread, 0, niceness)
}

private let thread = Int32(PRIO_PROCESS.rawValue)

/// Five steps behind what the process was started with; less is never refused.
private let niceness = min(19, getpriority(thread, id_t(getpid())) + 5)
