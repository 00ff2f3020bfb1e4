import FoundationEssentials
import GatehouseTesting
import Glibc
import Testing

@Suite("Files of users on the command line", .timeLimit(.minutes(3)))
struct CommandLineTransferTests {
    private let server: OneAnswer
    private let tool: Tool

    init() throws {
        server = try OneAnswer()
        tool = try Tool(url: "http://localhost:\(server.port)")
    }

    private func start(_ arguments: String..., input: String = "") throws -> Tool.Running {
        try tool.start(arguments, input: input, settings: ["GATEHOUSE_TOKEN=t"])
    }

    @Test("an export goes into a file that only its owner reads, and that was not there before")
    func export() throws {
        let file = "\(tool.folder)/users"
        let running = try start("users", "export", "--include-password-hashes", "--output", file)
        let asked = try server.answer("{\"id\":1}\n{\"id\":2}\n")
        #expect(asked.hasPrefix("GET /api/v1/admin/users/export?format=ndjson&include=password_hash HTTP/1.1\r\n"))
        #expect(running.ending().code == 0)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "{\"id\":1}\n{\"id\":2}\n")
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try start("users", "export", "--output", file).ending().code == 2)
    }

    @Test("an export that is refused leaves no file and prints nothing")
    func refused() throws {
        let file = "\(tool.folder)/users"
        let running = try start("users", "export", "--format", "csv", "--output", file)
        let asked = try server.answer(#"{"title":"No","code":"forbidden"}"#, status: 403)
        #expect(asked.contains("format=csv"))
        let ending = running.ending()
        #expect(ending.code == 3)
        #expect(ending.output == "")
        #expect(access(file, F_OK) != 0)
    }

    @Test("an import sends the file as it is, under the type that its name says, and fails with its rows")
    func imported() throws {
        let file = "\(tool.folder)/users.csv"
        try "email\nada@example.com\n".write(toFile: file, atomically: false, encoding: .utf8)
        let running = try start("users", "import", file, "--dry-run", "--on-conflict", "skip")
        let asked = try server.answer(#"{"created":0,"failed":1}"#)
        #expect(asked.hasPrefix("POST /api/v1/admin/users/import?dry_run=true&on_conflict=skip HTTP/1.1\r\n"))
        #expect(asked.lowercased().contains("content-type: text/csv\r\n"))
        #expect(asked.hasSuffix("\r\n\r\nemail\nada@example.com\n"))
        let ending = running.ending()
        #expect(ending.code == 1)
        #expect(ending.errors == "gatehouse: 1 row failed\n")
    }

    @Test("an empty import is sent as an empty body, not as what stands on standard input")
    func empty() throws {
        let file = try tool.secretFile("")
        let running = try start("users", "import", file, input: "not this")
        let asked = try server.answer(#"{"failed":0}"#)
        #expect(asked.hasSuffix("\r\n\r\n"))
        #expect(running.ending().code == 0)
    }

    @Test("the log's seals are checked, and a log that was tampered with is a failure", arguments: [true, false])
    func verified(isIntact: Bool) throws {
        let running = try start("audit", "verify", "--all-tenants")
        let asked = try server.answer(#"{"intact":\#(isIntact)}"#)
        #expect(asked.hasPrefix("POST /api/v1/admin/audit/verify HTTP/1.1\r\n"))
        #expect(asked.hasSuffix(#"{"all_tenants":true}"#))
        #expect(running.ending().code == (isIntact ? 0 : 1))
    }

    @Test(
        "an answer that leads elsewhere, or is none of Gatehouse's, is no success",
        arguments: [(302, ""), (200, "<html>")])
    func foreign(status: Int, body: String) throws {
        let running = try start("stats")
        _ = try server.answer(body, status: status)
        let ending = running.ending()
        #expect(ending.code == 1)
        #expect(ending.errors.hasSuffix("is this the address of a Gatehouse?\n"))
    }
}
