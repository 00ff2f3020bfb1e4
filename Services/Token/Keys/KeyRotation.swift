import Directory
import Domain
import Events
import FoundationEssentials
import Logging
import NIOPosix
import Postgres
import Tokens

/// Carries out what a tenant's keys need, in one transaction that one instance at a time has.
struct KeyRotation: Sendable {
    let postgres: PostgresClient
    let vault: KeyVault
    let schedule: KeyPlan.Schedule
    let publish: @Sendable ([Int64]) -> Void
    let metrics: KeyMetrics
    let logger: Logger

    /// Looks at a tenant's keys and does what is due, or what is asked for.
    /// - Returns: Whether anything changed.
    @discardableResult
    func tend(_ tenant: Tenant, demand: KeyPlan.Demand = .none, audit: PostgresStep? = nil) async throws -> Bool {
        let algorithm = SigningAlgorithm(rawValue: tenant.settings.signingAlgorithm) ?? .es256
        let wanted = try await postgres.query(KeyStatements.all, scope: .tenant(tenant.id))
        var spare: (key: SigningKey, sealed: [UInt8])?
        if try plan(wanted, algorithm, demand).needsKey {
            // Made before anything is locked, and not on an event loop: an RSA key takes a second or more.
            let key = try await NIOThreadPool.singleton.runIfActive { try SigningKey.generate(algorithm) }
            spare = (key, try vault.seal(key, of: tenant.id))
        }
        let made = spare
        let (plan, events) = try await postgres.transaction(scope: .tenant(tenant.id)) { transaction in
            _ = try await transaction.query(KeyStatements.lock)
            // Somebody else may have been here meanwhile.
            let plan = try self.plan(try await transaction.query(KeyStatements.all), algorithm, demand)
            if plan.needsKey, made == nil { return (KeyPlan.nothing, [Int64]()) }
            func insert(_ state: String) async throws {
                guard let made else { return }
                _ = try await transaction.query(
                    KeyStatements.insert,
                    [
                        .text(made.key.kid), .text(algorithm.rawValue), .text(state),
                        .bytea(made.key.verificationKey.rawRepresentation), .bytea(made.sealed),
                    ])
            }
            switch plan {
            case .nothing: break
            case .publish:
                _ = try await transaction.query(KeyStatements.removeNext)
                try await insert("next")
            case .activate(let kid):
                _ = try await transaction.query(KeyStatements.retireActive)
                _ = try await transaction.query(KeyStatements.activate, [.text(kid)])
            case .replace:
                _ = try await transaction.query(KeyStatements.removeAll)
                try await insert("active")
            }
            let age = Double(KeyPlan.Schedule.retirement.components.seconds)
            let gone = try await transaction.query(KeyStatements.removeRetired, [.float8(age)])
            guard plan != .nothing || !gone.isEmpty else { return (plan, []) }
            if let audit { _ = try await transaction.query(audit.statement, audit.parameters) }
            let event = EventStatements.append(.keysChanged, subject: nil)
            let rows = try await transaction.query(event.statement, event.parameters)
            return (plan, try rows.map { row throws(PostgresError) in try row.decode(0, as: Int64.self) })
        }
        publish(events)
        if plan != .nothing {
            metrics.count(plan)
            logger.notice("signing keys changed", metadata: ["tenant": "\(tenant.slug)", "plan": "\(plan)"])
        }
        return !events.isEmpty
    }

    private func plan(_ rows: PostgresRows, _ algorithm: SigningAlgorithm, _ demand: KeyPlan.Demand) throws -> KeyPlan {
        let keys = try rows.map { try StoredKey($0) }
        return KeyPlan(
            active: keys.first { $0.state == "active" }?.planned, next: keys.first { $0.state == "next" }?.planned,
            algorithm: algorithm, schedule: schedule, demand: demand)
    }
}

/// A row of `KeyStatements.all`.
struct StoredKey: Sendable {
    let kid: String
    let algorithm: SigningAlgorithm
    let state: String
    let age: Duration
    let createdAt: Date
    let activatedAt: Date?
    let retiredAt: Date?

    init(_ row: PostgresRow) throws {
        kid = try row.decode(0)
        let name: String = try row.decode(1)
        guard let algorithm = SigningAlgorithm(rawValue: name) else {
            throw SealedKeyProblem(kid: kid, reason: "its algorithm is not known to this version")
        }
        self.algorithm = algorithm
        state = try row.decode(2)
        age = .seconds(try row.decode(3, as: Double.self))
        createdAt = try row.decode(4)
        activatedAt = try row.decode(5)
        retiredAt = try row.decode(6)
    }

    var planned: KeyPlan.Key { KeyPlan.Key(kid: kid, algorithm: algorithm, age: age) }
}
