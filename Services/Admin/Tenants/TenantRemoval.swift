import Domain
import Events
import FoundationEssentials
import Logging
import Postgres
import ServiceLifecycle

/// Deletes the tenants whose time has come, piece by piece, so that no statement takes long however large one was.
///
/// Any number of instances may do it: a tenant that another one is at is passed over.
struct TenantRemoval: Service {
    let postgres: PostgresClient
    let publisher: EventPublisher
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await postgres.whenReady()
                    if try await removePiece() { continue }
                } catch {
                    logger.warning("tenants not deleted", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(10))
            }
        }
    }

    /// Whether there was anything to remove.
    private func removePiece() async throws -> Bool {
        let (removed, events) = try await postgres.transaction(scope: .tenant(DefaultTenant.id)) { transaction in
            guard let row = try await transaction.query(TenantStatements.delete).first else {
                return (Int64(0), [Int64]())
            }
            let removed: Int64 = try row.decode(0)
            guard let tenant: UUID = try row.decode(1) else { return (removed, []) }
            // The tenant itself has nobody left who could read of it.
            let steps = [
                PostgresStep(Self.audit, [.uuid(.v7()), .text(tenant.text)]), PostgresStep(Self.tell, [.uuid(tenant)]),
            ]
            let event: Int64? = try await transaction.pipeline(steps)[1].first?.decode(0)
            return (removed, event.map { [$0] } ?? [])
        }
        publisher.publish(events)
        if !events.isEmpty { logger.notice("tenant deleted") }
        return removed > 0
    }

    private static let audit = PostgresStatement(
        "tenant_removal_audit", [.uuid, .text],
        """
        insert into audit_log (tenant_id, id, actor_kind, action, target_kind, target_id)
        values (current_tenant(), $1, 'system', 'tenant.deleted', 'tenant', $2)
        """)

    private static let tell = PostgresStatement(
        "tenant_removal_tell", [.uuid],
        "insert into events (tenant_id, kind, subject_id) values ($1, 'tenant.changed', $1) returning id")
}
