/// Stores that survive the loss of their primaries, ready for a suite: a Postgres primary with a standby, a Redis primary
/// with a replica and three sentinels.
public final class ReplicatedStores: Sendable {
    /// The Postgres primary.
    public let postgres: TemporaryPostgres
    /// Its standby.
    public let standby: TemporaryPostgres
    /// The Redis primary.
    public let redis: TemporaryRedis
    /// Its replica.
    public let replica: TemporaryRedis
    /// What watches the two.
    public let sentinels: [TemporaryRedis]

    private static let password = "replicated"
    private static let sentinelPassword = "watched"

    /// Starts them, and makes the suite's roles and database.
    /// - Parameter synchronous: Whether Postgres acknowledges only what the standby has.
    public init(synchronous: Bool) throws {
        postgres = try TemporaryPostgres()
        _ = try ChildProcess.run([
            "psql", "-X", "-q", "-d", postgres.connectionString(), "-v", "owner_password=x", "-v", "service_password=x",
            "-v", "admin_password=x", "-f", "\(RunningSuite.root)/deploy/database/roles.sql",
        ])
        standby = try TemporaryPostgres(standbyOf: postgres)
        if synchronous {
            try postgres.execute("alter system set synchronous_standby_names = '*'")
            try postgres.execute("select pg_reload_conf()")
        }
        let common = ["masterauth \(Self.password)", "repl-diskless-sync-delay 0"]
        let redis = try TemporaryRedis(password: Self.password, settings: common)
        self.redis = redis
        replica = try TemporaryRedis(role: .replica(ofPort: redis.port), password: Self.password, settings: common)
        sentinels = try (0..<3).map { _ in
            try TemporaryRedis(
                role: .sentinel(name: "main", port: redis.port), password: Self.sentinelPassword,
                settings: [
                    "sentinel auth-pass main \(Self.password)", "sentinel sentinel-pass \(Self.sentinelPassword)",
                    "sentinel down-after-milliseconds main 1000", "sentinel failover-timeout main 5000",
                ])
        }
    }

    /// Both servers of Postgres, of which the writer is meant.
    public func connectionString(user: String, database: String = "gatehouse") -> String {
        "postgresql://\(user)@127.0.0.1:\(postgres.port),127.0.0.1:\(standby.port)/\(database)"
            + "?target_session_attrs=read-write"
    }

    /// Where a suite finds them.
    var settings: [String] {
        [
            "DATABASE_URL=\(connectionString(user: "gatehouse_service"))",
            "DATABASE_ADMIN_URL=\(connectionString(user: "gatehouse_admin"))",
            "DATABASE_MIGRATE_URL=\(connectionString(user: "gatehouse_owner"))",
            "REDIS_SENTINELS=\(sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ","))",
            "REDIS_SENTINEL_MASTER=main", "REDIS_SENTINEL_PASSWORD=\(Self.sentinelPassword)",
            "REDIS_PASSWORD=\(Self.password)",
        ]
    }

    /// Whether every sentinel knows the replica and its fellows, so that a failover can be agreed on.
    public func areWatched() throws -> Bool {
        try sentinels.allSatisfy { sentinel in
            let words = try sentinel.execute("SENTINEL", "MASTER", "main").split(whereSeparator: \.isNewline)
            func value(_ name: String) -> String? {
                words.firstIndex { $0 == name }.map { String(words[$0 + 1]) }
            }
            return value("num-slaves") == "1" && value("num-other-sentinels") == "2"
        }
    }
}
