import GatehouseTesting
import Testing

@Suite("The schema in readiness", .serialized, .timeLimit(.minutes(5)))
struct SchemaReadinessTests {
    @Test("a process that is newer than the schema is not ready, says why, and is once the migrations have run")
    func behind() async throws {
        let suite = try RunningSuite()
        let revisions = try suite.sql("select revision from gatehouse_schema_version order by 1 desc limit 2")
        let (head, before) = (revisions.prefix(4), revisions.suffix(4))
        /// Restarts the token process, which asks anew, and waits until it says this of the schema.
        func restarts(with sentence: String) async throws {
            try suite.deploy("service", "restart", "token")
            try await eventually {
                let answer = try? suite.process("token").send("GET", "/health/readiness")
                return answer?.status == 503 && answer?.body.contains(sentence) == true
            }
        }
        func migrate(_ command: String, _ target: String) throws {
            let server = "127.0.0.1:\(suite.ports["PORT_POSTGRES"] ?? 0)"
            _ = try ChildProcess.run([
                "env", "PGPASSFILE=\(suite.folder)/secrets/pgpass",
                "DATABASE_MIGRATE_URL=postgresql://gatehouse_owner@\(server)/gatehouse",
                "\(RunningSuite.root)/.build/debug/gatehouse-migrate", command, target,
            ])
        }
        try suite.sql("insert into gatehouse_schema_version values ('9999', 'later', '', now())")
        try suite.deploy("service", "restart", "token")
        // A schema that is further is none of its concern.
        try await eventually { suite.isReady("token") }

        try suite.sql("delete from gatehouse_schema_version where revision = '9999'")
        try migrate("downgrade", "-1")
        try await restarts(with: "the schema is at \(before), this version needs \(head)")
        // Before 0018 the services may not see where it is.
        try migrate("downgrade", "0017")
        try await restarts(with: "the schema is behind, this version needs \(head)")
        try migrate("upgrade", "head")
        // By itself: nobody restarts it.
        try await eventually { suite.isReady("token") }
    }
}
