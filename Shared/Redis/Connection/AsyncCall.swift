import NIOConcurrencyHelpers

/// One task's wait for an answer. Whatever comes first, answer or cancellation, resumes the task; the rest is ignored.
final class AsyncCall: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Reply, Never>)
        case done
    }

    private let state = NIOLockedValueBox(State.idle)

    /// Runs `start`, which hands this call on, and waits for the answer.
    func value(_ start: () -> Void) async throws(RedisError) -> RedisValue {
        let reply = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLockedValue { state in
                    if case .done = state { return true }
                    state = .waiting(continuation)
                    return false
                }
                // Cancelled before it began: nothing is sent.
                if isCancelled { continuation.resume(returning: .failure(.cancelled)) } else { start() }
            }
        } onCancel: {
            complete(.failure(.cancelled))
        }
        return try reply.get()
    }

    /// Returns false where the task waits no longer.
    @discardableResult
    func complete(_ reply: Reply) -> Bool {
        let continuation: CheckedContinuation<Reply, Never>? = state.withLockedValue { state in
            defer { state = .done }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume(returning: reply)
        return continuation != nil
    }
}
