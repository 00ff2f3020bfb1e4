import GatehouseTesting
import Logging
import NIOCore
import Postgres
import Testing

/// The server shared by tests that leave it running. Its janitor deletes it when the test process ends.
enum SharedServer {
    private static let started = Result { try TemporaryPostgres(settings: ["deadlock_timeout=50ms"]) }

    static func get() throws -> TemporaryPostgres {
        try started.get()
    }
}

/// Runs a client for as long as the body takes, then stops it and waits for its end.
func withClient<R: Sendable>(
    to server: TemporaryPostgres,
    waitsUntilReady: Bool = true,
    _ configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresClient) async throws -> R
) async throws -> R {
    // Far beyond what anything takes on a busy machine: tests about time set their own.
    var configuration = PostgresConfiguration(
        connectionString: server.connectionString(), acquireTimeout: .minutes(3), statementTimeout: .minutes(3),
        idleInTransactionTimeout: .minutes(3))
    configure(&configuration)
    let client = PostgresClient(configuration: configuration, logger: .silent)
    let running = Task { try await client.run() }
    let result: Result<R, any Error>
    do {
        if waitsUntilReady { try await client.whenReady() }
        result = .success(try await body(client))
    } catch {
        result = .failure(error)
    }
    running.cancel()
    try await running.value
    return try result.get()
}

extension Logger {
    static var silent: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}

/// Comes back when the condition holds; the test's own time limit is the bound.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try await Task.sleep(nanoseconds: 5_000_000)
    }
}

/// What a call failed with, or nil.
func failure<R>(of body: () async throws(PostgresError) -> R) async -> PostgresError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

extension PostgresError {
    var serverError: PostgresServerError? {
        if case .server(let error) = self { error } else { nil }
    }

    var isDeadlineExceeded: Bool {
        if case .deadlineExceeded = self { true } else { false }
    }

    var isCancelled: Bool {
        if case .cancelled = self { true } else { false }
    }
}

/// A lock another session waits for, so that tests decide when a statement ends.
enum Gate {
    static let pass = PostgresStatement("gate_pass", [.int8], "select pg_advisory_xact_lock($1)")
    static let close = PostgresStatement("gate_close", [.int8], "select pg_advisory_lock($1)")
    static let open = PostgresStatement("gate_open", [.int8], "select pg_advisory_unlock($1)")
    static let waiting = PostgresStatement(
        "gate_waiting", [.int8],
        "select count(*) from pg_locks where locktype = 'advisory' and objid = $1::oid and not granted")
}
