import Logging
import Metrics
import Postgres
import ServiceLifecycle

/// Looks every fifteen seconds at what only the database knows: mail that waits, and how old the signing keys are.
///
/// Every instance does it and shows the same figures, because this process alone may look across all tenants.
struct BacklogWatch: Service {
    let postgres: PostgresClient
    let logger: Logger
    private let pending = Gauge(label: "gatehouse_mail_pending")
    private let oldest = Gauge(label: "gatehouse_mail_oldest_pending_seconds")
    private let keyAge = Gauge(label: "gatehouse_signing_key_age_seconds")

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await postgres.whenReady()
                    try await look()
                } catch {
                    logger.debug("backlog not looked at", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(15))
            }
        }
    }

    private func look() async throws {
        if let row = try await postgres.query(Self.mail).first {
            pending.record(try row.decode(0, as: Int64.self))
            oldest.record(try row.decode(1, as: Double.self))
        }
        if let row = try await postgres.query(Self.keys).first { keyAge.record(try row.decode(0, as: Double.self)) }
    }

    /// How many mails are neither sent nor given up, and for how many seconds the first of them has waited.
    private static let mail = PostgresStatement(
        "backlog_mail", [],
        """
        select count(*), coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8
        from mail_outbox where sent_at is null and failed_at is null
        """)

    /// The age in seconds of the newest key of the tenant that has gone longest without another.
    private static let keys = PostgresStatement(
        "backlog_keys", [],
        """
        select coalesce(extract(epoch from clock_timestamp() - min(newest)), 0)::float8
        from (select max(created_at) as newest from verification_keys group by tenant_id) newest
        """)
}
