/// Brings a database's schema to a revision: each migration once, in order, by one migrator at a time.
public final class Migrator {
    /// An applied migration.
    public struct Applied: Sendable, Equatable {
        /// Its number.
        public let revision: String
        /// What it was called when it was applied.
        public let name: String
        /// SHA-256 of its `up` text then, in hexadecimal.
        public let checksum: String
        /// When, as Postgres writes it.
        public let appliedAt: String
    }

    private let migrations: [Migration]
    private let connection: MigrationConnection
    private let report: (String) -> Void
    private static let lockKey = "hashtext('gatehouse.migrations')"

    /// Connects.
    /// - Parameters:
    ///   - url: As libpq takes it.
    ///   - password: When it is not part of `url`.
    ///   - wait: Seconds to go on trying while the database can't be reached.
    ///   - migrations: All that there are, oldest first.
    ///   - report: Told each step.
    public init(
        url: String, password: String?, wait: Int = 0, migrations: [Migration] = Migration.embedded,
        report: @escaping (String) -> Void
    ) throws(MigrationError) {
        self.migrations = migrations
        self.report = report
        connection = try MigrationConnection(url: url, password: password, wait: wait)
        try connection.execute("set client_min_messages = warning; set application_name = 'gatehouse-migrate'")
    }

    /// The applied migrations, oldest first; none when the database is new.
    public func applied() throws(MigrationError) -> [Applied] {
        let exists = try connection.execute("select to_regclass('gatehouse_schema_version') is not null")
        guard exists.first?.first == "t" else { return [] }
        return try connection.execute(
            "select revision, name, checksum, applied_at from gatehouse_schema_version order by revision"
        ).map { Applied(revision: $0[0], name: $0[1], checksum: $0[2], appliedAt: $0[3]) }
    }

    /// Applies what is missing up to `target`.
    public func upgrade(to target: MigrationTarget, lockWait: Int = 60) throws(MigrationError) {
        try locked(lockWait) { () throws(MigrationError) in
            let applied = try checkedApplied()
            let plan = try target.upgrade(from: applied.last?.revision, migrations)
            if plan.isEmpty { report("nothing to do: the schema is at \(applied.last?.revision ?? "base")") }
            for migration in plan {
                report("applying \(migration.title)")
                try run(
                    migration, migration.up, then: Self.recordSQL, [migration.revision, migration.name, migration.up])
            }
        }
    }

    /// Takes back what is beyond `target`.
    public func downgrade(to target: MigrationTarget, lockWait: Int = 60) throws(MigrationError) {
        try locked(lockWait) { () throws(MigrationError) in
            let applied = try checkedApplied()
            let plan = try target.downgrade(from: applied.last?.revision, migrations)
            if plan.isEmpty { report("nothing to do: the schema is at \(applied.last?.revision ?? "base")") }
            for migration in plan {
                report("taking back \(migration.title)")
                try run(migration, migration.down, then: Self.forgetSQL, [migration.revision])
            }
        }
    }

    /// Notes that the schema is at `revision` without running anything; `base` forgets all.
    public func stamp(_ revision: String, lockWait: Int = 60) throws(MigrationError) {
        let known = try revision == "base" ? [] : MigrationTarget.revision(revision).upgrade(from: nil, migrations)
        try locked(lockWait) { () throws(MigrationError) in
            try connection.execute(Self.tableSQL)
            try connection.execute("delete from gatehouse_schema_version")
            for migration in known {
                try connection.execute(Self.recordSQL, [migration.revision, migration.name, migration.up])
            }
        }
        report("the schema is noted as being at \(revision)")
    }

    /// - Throws: A sentence when a migration is missing or was changed after it was applied.
    public func check() throws(MigrationError) {
        let pending = try MigrationTarget.head.upgrade(from: checkedApplied().last?.revision, migrations)
        guard pending.isEmpty else {
            throw MigrationError("not applied yet: \(pending.map(\.title).joined(separator: ", "))")
        }
    }

    /// The applied migrations, after making sure that they are the ones this program knows.
    private func checkedApplied() throws(MigrationError) -> [Applied] {
        let applied = try applied()
        for (index, entry) in applied.enumerated() {
            guard index < migrations.count, migrations[index].revision == entry.revision else {
                throw MigrationError(
                    "the database is at \(entry.revision)_\(entry.name), which this program does not know: "
                        + "it is newer than the program")
            }
            let migration = migrations[index]
            let checksum = try connection.execute("select \(Self.checksumSQL("$1"))", [migration.up])[0][0]
            guard checksum == entry.checksum else {
                throw MigrationError(
                    "\(migration.title).up.sql was changed after it was applied "
                        + "(applied \(entry.checksum.prefix(12)), now \(checksum.prefix(12)))")
            }
        }
        return applied
    }

    private func run(
        _ migration: Migration, _ sql: String, then note: String, _ parameters: [String]
    ) throws(MigrationError) {
        // A table that is in use is waited for only briefly and tried again: the queue behind a waiting change would
        // hold up every login.
        let attempts = 5
        for attempt in 1...attempts {
            do throws(MigrationError) {
                try connection.execute("set lock_timeout = '3s'; set statement_timeout = '10min'")
                guard !migration.runsOutsideTransaction else {
                    try connection.execute(sql)
                    try connection.execute(note, parameters)
                    return
                }
                try connection.execute("begin")
                try connection.execute(sql)
                try connection.execute(note, parameters)
                try connection.execute("commit")
                return
            } catch {
                _ = try? connection.execute("rollback")
                guard error.sqlState == "55P03", attempt < attempts else {
                    throw MigrationError("\(migration.title): \(error.description)", sqlState: error.sqlState)
                }
                report("\(migration.title): a table is in use, trying again")
            }
        }
    }

    /// Runs `body` while no other migrator does.
    private func locked(_ wait: Int, _ body: () throws(MigrationError) -> Void) throws(MigrationError) {
        do throws(MigrationError) {
            try connection.execute("set lock_timeout = '\(max(1, wait))s'; select pg_advisory_lock(\(Self.lockKey))")
        } catch {
            guard error.sqlState == "55P03" else { throw error }
            throw MigrationError("another migrator has been at work for \(wait) seconds; look for it, then try again")
        }
        // Behind a pooler that shares connections between transactions, the lock would be somebody else's.
        let isHeld = try connection.execute(
            """
            select exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and granted)
            """)
        guard isHeld.first?.first == "t" else {
            throw MigrationError("this connection goes through a transaction pooler; give the database's own address")
        }
        let outcome: Result<Void, MigrationError>
        do throws(MigrationError) {
            try connection.execute(Self.tableSQL)
            try body()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        // The lock ends with the connection in any case.
        _ = try? connection.execute("select pg_advisory_unlock(\(Self.lockKey))")
        try outcome.get()
    }

    static func checksumSQL(_ text: String) -> String {
        "encode(sha256(convert_to(\(text)::text, 'UTF8')), 'hex')"
    }

    static let tableSQL = """
        create table if not exists gatehouse_schema_version (
            revision text primary key,
            name text not null,
            checksum text not null,
            applied_at timestamptz not null default now()
        )
        """

    private static let recordSQL =
        "insert into gatehouse_schema_version (revision, name, checksum) values ($1, $2, \(checksumSQL("$3")))"
    private static let forgetSQL = "delete from gatehouse_schema_version where revision = $1"
}
