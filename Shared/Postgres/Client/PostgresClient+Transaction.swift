public import NIOCore
import Retries

extension PostgresClient {
    private static let maximumAttempts = 5

    /// Runs a transaction of several round trips on a connection of its own: commits when `body` returns, rolls back
    /// when it throws. Prefer `pipeline` where no statement depends on another's result.
    ///
    /// Serialization failures and deadlocks run the whole body again, up to five times with growing, random pauses and
    /// never beyond the deadline: the body must have no other effects than its statements'. A client with several
    /// connections runs one transaction less than it has connections at a time; further ones wait.
    ///
    /// - Parameters:
    ///   - scope: Whose rows the transaction may see.
    ///   - isolation: How far it is kept apart from others.
    ///   - deadline: Bound of all attempts together; by default the acquire and statement timeouts from now.
    ///   - body: The statements, run one after another.
    public func transaction<R: Sendable>(
        scope: PostgresScope = .unscoped, isolation: PostgresIsolation = .readCommitted, deadline: NIODeadline? = nil,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        let deadline = deadline ?? defaultDeadline()
        var backoff = Backoff(minimum: .milliseconds(5), maximum: .milliseconds(200))
        var attempt = 1
        while true {
            let transaction = PostgresTransaction(client: self, scope: scope, isolation: isolation, deadline: deadline)
            do {
                let result = try await body(transaction)
                try await transaction.commit()
                return result
            } catch {
                await transaction.rollback()
                let pause = backoff.next(fraction: .random(in: 0...1))
                guard attempt < Self.maximumAttempts, transaction.isWorthRepeating, NIODeadline.now() + pause < deadline
                else { throw error }
                attempt += 1
                try await Task.sleep(nanoseconds: UInt64(max(0, pause.nanoseconds)))
            }
        }
    }
}
