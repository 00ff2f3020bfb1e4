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
            if let tenant = tenants.tenant(try row.decode(0)) { try await rotation.tend(tenant) }
        }
    }

    private func reseal() async throws {
        let rows = try await postgres.query(KeyStatements.sealedOtherwise, [.int4(Int32(masterKeyVersion))])
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
            } catch let problem as SealedKeyProblem {
                logger.error("\(problem)")
            }
        }
    }

    private func seconds(_ duration: Duration) -> Double { Double(duration.components.seconds) }
}
