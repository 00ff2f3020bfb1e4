import FoundationEssentials
import GatehouseTesting
import Glibc
import Kit
import Testing

@Suite("Mail on its way", .serialized, .timeLimit(.minutes(3)))
struct MailDeliveryTests {
    /// A mail server that writes down what it takes.
    private final class Server {
        let port: Int
        private let process: ChildProcess
        private let output: String

        init(_ arguments: String) async throws {
            let output = "/tmp/gatehouse-mail-\(getpid())-\(uniqueName())"
            self.output = output
            let script = "\(RunningSuite.root)/Tests/MailTests/smtp_sink.py"
            process = try ChildProcess.start(["sh", "-c", "exec python3 \(script) --port 0 \(arguments) > \(output)"])
            var first: Int?
            try await eventually {
                first = try? ChildProcess.run(["head", "-n", "1", output]).split(separator: "\n").first.flatMap {
                    Int($0.filter(\.isNumber))
                }
                return first != nil
            }
            port = try #require(first)
        }

        func received() throws -> String { try ChildProcess.run(["cat", output]) }

        deinit {
            process.signal(SIGTERM)
            _ = process.wait()
            unlink(output)
        }
    }

    @Test("what a mail server puts off is tried again, with a new token; what it refuses is given up")
    func retried() async throws {
        let server = try await Server("--fail-first 2 --bounce nobody")
        let suite = try RunningSuite(settings: [
            "SMTP_URL=smtp://127.0.0.1:\(server.port)", "SMTP_TLS=off", "MAIL_FROM=Gate <door@example.org>",
        ])
        let person = try Person(suite)
        try await eventually { try server.received().contains(person.email) }
        let taken = try server.received()
        #expect(taken.contains("door@example.org"))
        #expect(taken.contains("confirm your e-mail address"))
        let attempts = try suite.sql("select attempts from mail_outbox where user_id = '\(person.id)'")
        #expect(attempts == "3")
        let bouncing = #"{"email":"nobody@example.com","password":"\#(person.password)"}"#
        #expect(try suite.post("/api/v1/auth/register", bouncing).status == 201)
        try await eventually {
            try suite.sql("select count(*) from mail_outbox where failed_at is not null") == "1"
        }
        #expect(try !suite.logs().contains("token="))
    }

    @Test("mail waits for a mail server that is away, and for a process that died")
    func waits() async throws {
        // A port nobody listens on for the moment.
        let port = try FreePort.take(1)[0]
        let suite = try RunningSuite(settings: ["SMTP_URL=smtp://127.0.0.1:\(port)", "SMTP_TLS=off"])
        let person = try Person(suite)
        try await eventually {
            try suite.sql("select count(*) from mail_outbox where last_error is not null") == "1"
        }
        try suite.kill("identity")
        let server = try await Server("--port \(port)")
        try await eventually { try server.received().contains(person.email) }
    }
}
