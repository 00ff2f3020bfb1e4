import Directory
import Domain
import FoundationEssentials
import Logging
import Postgres
import ServiceLifecycle
import Tokens

/// Looks after the signing keys of all tenants: rotates those that are due, and seals anew what is under an earlier
/// master key. Every instance does it; the first to come finds the work, the others find it done.
struct KeyKeeper: Service {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let rotation: KeyRotation
    let masterKeyVersion: UInt8
    let logger: Logger

    func run() async throws {
        // Often enough that short schedules, as in tests, are kept.
        let pause = min(Duration.seconds(60), rotation.schedule.publishAhead / 4)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await postgres.whenReady()
                    try await reseal()
                    try await rotate()
                } catch {
                    rotation.metrics.countFailure()
                    logger.warning("signing keys not looked after", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: pause)
            }
        }
    }

    private func rotate() async throws {
        let schedule = rotation.schedule
        let due = try await postgres.query(
            KeyStatements.due, [.float8(seconds(schedule.rotation)), .float8(seconds(schedule.publishAhead))])
        for row in due {
            guard let tenant = tenants.tenant(try row.decode(0)) else { continue }
            do {
                try await rotation.tend(tenant)
            } catch {
                // One tenant's trouble is no other's.
                rotation.metrics.countFailure()
                logger.error(
                    "a tenant's signing keys are not looked after",
                    metadata: ["tenant": "\(tenant.slug)", "error": "\(error)"])
            }
        }
    }

    private func reseal() async throws {
        let rows = try await postgres.query(KeyStatements.sealedBefore, [.int4(Int32(masterKeyVersion))])
        for row in rows {
            let (tenant, kid, old) = (
                try row.decode(0, as: UUID.self), try row.decode(1, as: String.self),
                try row.decode(2, as: [UInt8].self)
            )
            do {
                let new = try rotation.vault.reseal(old, kid: kid, of: tenant)
                _ = try await postgres.query(
                    KeyStatements.reseal, [.text(kid), .bytea(old), .bytea(new)], scope: .tenant(tenant))
                logger.notice("signing key sealed anew", metadata: ["kid": "\(kid)"])
            } catch {
                logger.error("a signing key can't be sealed anew", metadata: ["kid": "\(kid)", "error": "\(error)"])
            }
        }
    }

    private func seconds(_ duration: Duration) -> Double { Double(duration.components.seconds) }
}
