import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

/// The OpenAPI document in the hands of schemathesis, which makes requests of it that nobody would think of.
@Suite("What the API description does not say", .serialized, .timeLimit(.minutes(5)))
struct DescriptionFuzzTests {
    /// Routes that could end the caller's own authority over the rest; they come last.
    private static let ending = [
        "logout", "logoutAll", "deleteOwnUser", "changePassword", "endOtherSessions", "endOwnSession", "lockUser",
        "removeUser", "replaceUser", "changeUser", "changeUsers", "setUserRoles", "forcePasswordReset",
        "endUserSessions", "logoutUser",
    ]

    @Test("every answer is one that the document has, and none an error of the server's own")
    func fuzz() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await Furnished(suite)
        try fuzz(tenant, Self.ending.flatMap { ["--exclude-operation-id", $0] })
        try fuzz(tenant, Self.ending.flatMap { ["--include-operation-id", $0] })
    }

    /// The same requests each time, unless others are asked for.
    private let seed = ProcessInfo.processInfo.environment["GATEHOUSE_FUZZ_SEED"] ?? "1"

    private func fuzz(_ tenant: Furnished, _ selection: [String]) throws {
        let address = "http://127.0.0.1:\(tenant.suite.gateway.port)"
        let report = try ChildProcess.run(
            [
                // What it found is in what it printed.
                "sh", "-c", #"code=0; "$@" || code=$?; echo "exit code $code""#, "sh", InteroperabilityTests.python,
                "-m", "schemathesis.cli", "run", "\(address)/api/v1/openapi.json", "--url",
                "\(address)/t/\(tenant.slug)", "-H", "Authorization: Bearer \(tenant.administrator)", "--phases",
                "fuzzing", "-n", "5", "--generation-database", "none", "--seed", seed, "--checks",
                "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
            ] + selection)
        #expect(report.hasSuffix("exit code 0\n"), "\(report)")
    }
}
