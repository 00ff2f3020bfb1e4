public import NIOCore
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
    private let queue: HashQueue
    private let blocks: HashBlocks
    private let absent: String

    /// A hasher.
    /// - Parameters:
    ///   - workers: Threads.
    ///   - parameters: For new hashes.
    public init(workers: Int, parameters: Argon2id = Argon2id()) {
        schemes = PasswordSchemes(preferred: parameters)
        // A hash of no password, of the same cost as any other: what an unknown account is checked against.
        absent =
            "$argon2id$v=19$m=\(parameters.memory),t=\(parameters.passes),p=1$"
            + "R2F0ZWhvdXNlIGFic2VudA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        blocks = HashBlocks(bytes: parameters.memory * 1024)
        queue = HashQueue(workers: workers)
    }

    /// How many jobs may be under way or wait.
    public var capacity: Int { queue.capacity }

    /// Jobs under way or waiting.
    public var depth: Int { queue.depth }

    /// Refuses at once what would find the queue full in a moment, before other work is done for it in vain.
    /// - Throws: `PasswordError.overloaded`.
    public func admit() throws(PasswordError) {
        guard queue.hasRoom() else { throw .overloaded(respite: queue.respite) }
    }

    /// The stored form of a password.
    /// - Throws: `PasswordError.overloaded` when the queue is full or `deadline` passes before a thread is free.
    public func hash(_ password: Password, deadline: NIODeadline) async throws(PasswordError) -> String {
        let schemes = schemes
        return try await run(deadline, isUsual: true) { () throws(PasswordError) in
            try schemes.preferred.hash(password)
        }
    }

    /// Checks a password against a stored hash.
    /// - Throws: `PasswordError.overloaded` as `hash`, `.unusableHash` when the stored form can't be evaluated.
    public func verify(
        _ password: Password, against stored: String, deadline: NIODeadline
    ) async throws(PasswordError) -> Verification {
        let hash = try schemes.read(stored)
        return try await run(deadline, isUsual: !hash.isOutdated) { () throws(PasswordError) in
            try hash.matches(password) ? .match(needsRehash: hash.isOutdated) : .mismatch
        }
    }

    /// Costs what `verify` costs, for an account that does not exist.
    public func verifyAbsent(_ password: Password, deadline: NIODeadline) async throws(PasswordError) {
        _ = try await verify(password, against: absent, deadline: deadline)
    }

    private func run<R: Sendable>(
        _ deadline: NIODeadline, isUsual: Bool, _ job: @escaping @Sendable () throws(PasswordError) -> R
    ) async throws(PasswordError) -> R {
        guard let place = SpanContext.current else { return try await enqueue(deadline, isUsual, job) }
        var span = place.begin("password hash", .inner)
        do {
            let result = try await enqueue(deadline, isUsual, job)
            span.end()
            return result
        } catch {
            if case .overloaded = error { span.fail("overloaded") } else { span.fail("unusable") }
            span.end()
            throw error
        }
    }

    private func enqueue<R: Sendable>(
        _ deadline: NIODeadline, _ isUsual: Bool, _ job: @escaping @Sendable () throws(PasswordError) -> R
    ) async throws(PasswordError) -> R {
        let blocks = blocks
        let outcome: Result<R, PasswordError>
        do throws(HashQueue.Refusal) {
            outcome = try await queue.run(deadline: deadline, isUsual: isUsual) {
                let (result, usedBlock) = blocks.lend { () -> Result<R, PasswordError> in
                    do throws(PasswordError) {
                        return .success(try job())
                    } catch {
                        return .failure(error)
                    }
                }
                return (result, usedBlock)
            }
        } catch {
            throw .overloaded(respite: queue.respite)
        }
        return try outcome.get()
    }
}
