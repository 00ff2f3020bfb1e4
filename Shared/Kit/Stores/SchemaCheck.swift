import NIOConcurrencyHelpers
import NIOCore
import Postgres
import Schema

/// Whether the schema is as far as this version needs, for readiness: a process that was started before the migrations
/// gets no requests until they have run. A schema that is further serves the version before it, too.
struct SchemaCheck: Sendable {
    private let needed: String
    // What was reached stays reached: whoever takes a schema back stops the processes first.
    private let isReached = NIOLockedValueBox(false)

    /// - Parameter needed: The revision that this version's statements were written for.
    init(needed: String = Migration.embedded.last?.revision ?? "base") {
        self.needed = needed
    }

    func check(_ client: PostgresClient) -> Health.Check {
        Health.Check("schema") { await state(client) }
    }

    func state(_ client: PostgresClient) async -> Health.State {
        if isReached.withLockedValue({ $0 }) { return .ok }
        do throws(PostgresError) {
            let rows = try await client.query(Self.revision, deadline: .now() + .seconds(1))
            let revision: String = try rows.first?.decode(0) ?? "base"
            guard revision >= needed else { return missing("is at \(revision)") }
            isReached.withLockedValue { $0 = true }
            return .ok
        } catch {
            // No such table, or not ours to read: a database that no migration, or not this one, has seen.
            guard case .server(let answer) = error, ["42P01", "42501"].contains(answer.sqlState) else {
                return .down("no answer")
            }
            return missing("is behind")
        }
    }

    private func missing(_ finding: String) -> Health.State {
        .down("the schema \(finding), this version needs \(needed): gatehouse-migrate upgrade head")
    }

    private static let revision = PostgresStatement(
        "schema_revision", [], "select coalesce(max(revision), 'base') from gatehouse_schema_version")
}
