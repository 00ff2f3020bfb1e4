import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// An open transaction, on a connection of its own until it ends. Run its statements one after another.
public final class PostgresTransaction: Sendable {
    private struct Progress {
        var isOpened = false
        var failure: PostgresError?
    }

    /// How long the end of a transaction waits for its rollback, so that its locks are gone when the error surfaces.
    private static let rollbackPatience = TimeAmount.seconds(1)

    private let client: PostgresClient
    private let scope: PostgresScope
    private let isolation: PostgresIsolation
    private let deadline: NIODeadline
    private let reservation = Reservation()
    private let progress = NIOLockedValueBox(Progress())

    init(client: PostgresClient, scope: PostgresScope, isolation: PostgresIsolation, deadline: NIODeadline) {
        self.client = client
        self.scope = scope
        self.isolation = isolation
        self.deadline = deadline
    }

    /// Runs one statement. After an error nothing further can succeed, and the transaction will be rolled back.
    public func query(
        _ statement: PostgresStatement, _ parameters: [PostgresValue] = []
    ) async throws(PostgresError) -> PostgresRows {
        try await perform([EncodedStep(statement, parameters)]).only()
    }

    /// Runs several statements in one round trip, in order.
    public func pipeline(
        _ steps: [PostgresStep]
    ) async throws(PostgresError) -> [PostgresRows] {
        try await perform(EncodedStep.all(steps))
    }

    private func perform(_ steps: [EncodedStep]) async throws(PostgresError) -> [PostgresRows] {
        let (opens, failure) = progress.withLockedValue { progress in
            defer { progress.isOpened = true }
            return (!progress.isOpened, progress.failure)
        }
        if let failure { throw failure }
        do {
            // BEGIN travels with the first statement, which saves a round trip; so does the tenant, set for the whole.
            let kind: Unit.Kind = opens ? .opening(reservation, isolation) : .within(reservation)
            return try await client.perform(kind, opens ? scope : .unscoped, steps, deadline)
        } catch {
            progress.withLockedValue { $0.failure = $0.failure ?? error }
            throw error
        }
    }

    /// Makes the changes last. Throws the first failure of a statement, even if the body made light of it: the server
    /// has given the transaction up by then.
    func commit() async throws(PostgresError) {
        let (isOpened, failure) = progress.withLockedValue { ($0.isOpened, $0.failure) }
        if let failure { throw failure }
        guard isOpened else { return }
        do {
            _ = try await client.perform(.closing(reservation, commits: true), .unscoped, [], deadline)
        } catch {
            progress.withLockedValue { $0.failure = error }
            throw error
        }
    }

    /// Undoes the changes. Waits for it briefly, unless the caller has no time left; a rollback that gets no answer is
    /// the server's, which undoes what a broken connection leaves.
    func rollback() async {
        let (isOpened, failure) = progress.withLockedValue { ($0.isOpened, $0.failure) }
        guard isOpened else { return }
        let patience = NIODeadline.now() + Self.rollbackPatience
        let unit = Unit(
            kind: .closing(reservation, commits: false), scope: .unscoped, steps: [], deadline: patience,
            loop: MultiThreadedEventLoopGroup.currentEventLoop)
        if case .deadlineExceeded = failure {
            client.submit(unit)
        } else if Task.isCancelled {
            client.submit(unit)
        } else {
            await withUnsafeContinuation { continuation in
                guard unit.arm(with: continuation) else {
                    continuation.resume()
                    return
                }
                client.submit(unit)
            }
        }
    }

    /// Whether the transaction failed in a way that running it again from the start may cure.
    var isWorthRepeating: Bool {
        guard case .server(let error) = progress.withLockedValue(\.failure) else { return false }
        return error.isRetryable || error.invalidatesPreparation
    }
}
