import GatehouseTesting
import Kit
import Testing

/// Identity beside the suite's own, with a database where nobody is yet.
@Suite("The first superuser", .timeLimit(.minutes(3)))
struct FirstSuperuserTests {
    @Test("is made once, and not with a password that nobody else could take")
    func once() throws {
        let suite = try SharedSuite.get()
        let database = uniqueName("d").replacing("-", with: "_")
        try suite.sql("create database \(database) owner gatehouse_owner", as: "postgres", in: "postgres")
        _ = try ChildProcess.run(
            environment(suite, database, role: "owner") + [
                "\(RunningSuite.root)/.build/debug/gatehouse-migrate", "upgrade", "head",
            ])
        func superusers() throws -> String {
            try suite.sql(
                "select coalesce(string_agg(email, ' '), 'none') from users where is_superuser", in: database)
        }
        let refused = try identity(suite, database, "root@example.com", password: "root@example.com")
        #expect(refused.contains("FIRST_SUPERUSER_PASSWORD: must not"), "\(refused)")
        #expect(try superusers() == "none")
        for address in ["one@example.com", "two@example.com"] {
            _ = try identity(suite, database, address, password: "correct horse 7 battery")
            #expect(try superusers() == "one@example.com")
        }
    }

    /// Runs identity until it ends or some seconds are over; returns what it said.
    private func identity(
        _ suite: RunningSuite, _ database: String, _ address: String, password: String
    ) throws -> String {
        let settings = [
            "REDIS_URL=redis://127.0.0.1:\(suite.ports["PORT_REDIS"] ?? 0)",
            "REDIS_PASSWORD_FILE=\(suite.folder)/secrets/redis_password",
            "INTERNAL_KEY_FILE=\(suite.folder)/secrets/internal_key", "PUBLIC_URL=http://localhost:8080",
            "TOKEN_UPSTREAMS=127.0.0.1:\(suite.ports["PORT_TOKEN"] ?? 0)", "HOST=127.0.0.1",
            "PORT=\(try FreePort.take(1)[0])", "FIRST_SUPERUSER_EMAIL=\(address)",
            "FIRST_SUPERUSER_PASSWORD=\(password)", "GATEHOUSE_ENV=development",
        ]
        return try ChildProcess.run(
            environment(suite, database, role: "service") + settings
                + ["sh", "-c", "timeout 5 \(RunningSuite.root)/.build/debug/gatehouse-identity 2>&1 || true"])
    }

    private func environment(_ suite: RunningSuite, _ database: String, role: String) -> [String] {
        let address = "127.0.0.1:\(suite.ports["PORT_POSTGRES"] ?? 0)/\(database)"
        return [
            "env", "DATABASE_URL=postgresql://gatehouse_\(role)@\(address)",
            "DATABASE_PASSWORD_FILE=\(suite.folder)/secrets/\(role)_password",
        ]
    }
}
