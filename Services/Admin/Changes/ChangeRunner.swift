import Events
import FoundationEssentials
import Hummingbird
import Kit
import Postgres

/// What a change came to: what is answered, and the events to publish once it is committed.
struct Changed<Answer: Sendable>: Sendable {
    let answer: Answer
    let events: [Int64]
}

/// Runs changes, each in one transaction, and publishes their events after commit.
struct ChangeRunner: Sendable {
    let postgres: PostgresClient
    let publisher: EventPublisher
    let keys: IdempotencyKeys

    /// Runs a change of what belongs to a tenant. A deadlock runs `body` again, so it has no effects but its statements'.
    func run<Answer: Sendable>(
        in tenant: UUID, _ body: (PostgresTransaction) async throws -> Changed<Answer>
    ) async throws -> Answer {
        let changed = try await postgres.transaction(scope: .tenant(tenant), body)
        publisher.publish(changed.events)
        return changed.answer
    }

    /// Runs a creation, once for each key that its request carries.
    func create<Answer: ResponseContent>(
        _ call: Call, in tenant: UUID,
        _ body: (PostgresTransaction) async throws -> Changed<Answer>
    ) async throws -> Response {
        try await run(in: tenant) { transaction in
            var events: [Int64] = []
            let outcome = try await keys.once(call, in: transaction) {
                let changed = try await body(transaction)
                events = changed.events
                return changed.answer
            }
            return Changed(answer: outcome.response, events: events)
        }
    }
}

extension PostgresTransaction {
    /// Completes a change with all that has to be told of it.
    /// - Parameters:
    ///   - events: Statements of which each returns the id of an event it wrote, or null, in its first column.
    ///   - audit: The change's row in the audit log.
    /// - Returns: The ids of the events.
    func record(
        _ events: [PostgresStep], audit: PostgresStep
    ) async throws(PostgresError) -> [Int64] {
        var ids: [Int64] = []
        for rows in try await pipeline(events + [audit]).dropLast() {
            if let row = rows.first, let id: Int64 = try row.decode(0) { ids.append(id) }
        }
        return ids
    }
}
