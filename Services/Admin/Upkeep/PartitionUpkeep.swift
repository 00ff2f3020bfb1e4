import Domain
import Logging
import Postgres
import ServiceLifecycle

/// Makes the partitions of the append-only tables ahead of time, drops those past their retention, and forgets of the
/// accounts what nobody needs any more, once an hour.
///
/// Any number of instances may do it: the functions take a lock and find nothing left to do.
struct PartitionUpkeep: Service {
    let postgres: PostgresClient
    let sealer: AuditSealer
    let eventRetention: Duration
    let historyRetention: Duration
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await tend()
                } catch {
                    logger.warning("partitions and accounts not tended", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(3600))
            }
        }
    }

    private func tend() async throws {
        try await postgres.whenReady()
        _ = try await postgres.query(Self.make)
        for (table, retention) in [("events", eventRetention), ("login_history", historyRetention)] {
            _ = try await postgres.query(
                Self.drop, [.text(table), .float8(Double(retention.components.seconds))])
        }
        if let (partitions, head) = try await sealer.retire(historyRetention) {
            logger.info(
                "months of the audit log dropped",
                metadata: [
                    "months": "\(partitions)", "seal": "\(head.number)", "hash": "\(Hexadecimal.text(head.hash))",
                ])
        }
        // A bounded piece at a time, until there is nothing left.
        while let row = try await postgres.query(Self.tidy).first, try row.decode(0, as: Int64.self) > 0 {}
        while let row = try await postgres.query(Self.tidyImports).first, try row.decode(0, as: Int64.self) > 0 {}
    }

    private static let make = PostgresStatement("partitions_make", [], "select make_partitions()")
    private static let drop = PostgresStatement(
        "partitions_drop", [.text, .float8], "select drop_partitions($1, now() - make_interval(secs => $2))")
    private static let tidy = PostgresStatement("accounts_tidy", [], "select tidy_accounts()")
    private static let tidyImports = PostgresStatement("imports_tidy", [], "select tidy_imports()")
}
