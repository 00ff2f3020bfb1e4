import ArgumentParser
import Kit
import Testing

@testable import CommandLineTool

@Suite("What the command line takes")
struct ArgumentTests {
    /// Every command, with the words that call it.
    private static func commands(
        of command: any ParsableCommand.Type = Gatehouse.self, _ words: [String] = []
    ) -> [(words: [String], type: any ParsableCommand.Type)] {
        command.configuration.subcommands.flatMap { inner in
            let words = words + [inner._commandName]
            return [(words, inner)] + commands(of: inner, words)
        }
    }

    @Test("every command has a name of its own among its siblings, and says what it does")
    func whole() {
        let commands = Self.commands()
        #expect(commands.count > 50)
        #expect(Set(commands.map { $0.words.joined(separator: " ") }).count == commands.count)
        for command in commands {
            #expect(command.type.configuration.abstract.hasSuffix(".") || command.words == ["migrate"])
            let help = Gatehouse.helpMessage(for: command.type)
            #expect(help.contains("USAGE: gatehouse \(command.words.joined(separator: " "))"))
        }
    }

    @Test("completion is there for every command", arguments: [CompletionShell.bash, .zsh, .fish])
    func completion(shell: CompletionShell) {
        let script = Gatehouse.completionScript(for: shell)
        for command in Self.commands() { #expect(script.contains(command.words.last ?? "")) }
    }

    @Test(
        "options of every command may stand before it",
        arguments: [
            (["--json", "users", "list"], ["users", "list", "--json"]),
            (
                ["--url", "http://a", "users", "--tenant=t", "show", "ada"],
                ["users", "show", "ada", "--url", "http://a", "--tenant=t"]
            ),
            (["users", "show", "--", "--json"], ["users", "show", "--", "--json"]),
            (["--json", "users", "show", "--", "-x"], ["users", "show", "--json", "--", "-x"]),
            (["migrate", "--url", "x"], ["migrate", "--url", "x"]), (["users", "--url"], ["users", "--url"]),
        ])
    func arranged(given: [String], expected: [String]) { #expect(GlobalOptions.arranged(given) == expected) }

    @Test("members are set as text or JSON, inside objects too, and the later one counts")
    func assignments() throws {
        var fields = try FreeFields.parse([
            "--set", "name=5", "--set", "a.b:=5", "--set", "a.c:=[1,\"x\"]", "--set", "empty=", "--set", "eq=a=b",
        ])
        #expect(
            try JSONText.text(.object(fields.members(besides: [])))
                == #"{"name":"5","a":{"b":5,"c":[1,"x"]},"empty":"","eq":"a=b"}"#)
        fields = try FreeFields.parse(["--set", "name=new"])
        #expect(
            try JSONText.text(.object(fields.members(besides: [.init("name", .string("old"))]))) == #"{"name":"new"}"#)
    }

    @Test(
        "what is no assignment is refused",
        arguments: ["name", "=x", "a..b=x", ":=1", "n:=", "n:={", "n:=1 2", ".a=1"])
    func notAssignments(text: String) throws {
        let fields = try FreeFields.parse(["--set", text])
        let failure = #expect(throws: Failure.self) { try fields.members(besides: []) }
        #expect(failure?.exitCode == 2)
    }

    @Test(
        "a secret is not taken as an argument, and not repeated",
        arguments: ["password", "user.password", "client_secret"])
    func secrets(name: String) throws {
        let fields = try FreeFields.parse(["--set", "\(name)=hunter2"])
        let failure = #expect(throws: Failure.self) { try fields.members(besides: []) }
        #expect(failure?.exitCode == 2)
        #expect(failure.map { "\($0)".contains("hunter2") } == false)
    }

    @Test("options of their own become members")
    func typed() throws {
        let create = try CreateUser.Fields.parse([
            "--email", "a@b.example", "--display-name", "A", "--invite", "--role", "USER", "--role", "ADMIN", "--set",
            "x:=null",
        ])
        #expect(
            try JSONText.text(.object(create.members() ?? []))
                == #"{"email":"a@b.example","display_name":"A","invite":true,"roles":["USER","ADMIN"],"x":null}"#)
        #expect(try CreateUser.Fields.parse(["--idempotency-key", "k"]).headers.map(\.value) == ["k"])
        #expect(try DeleteTenant.Fields.parse(["--grace-seconds", "0"]).members()?.query.map(\.value) == ["0"])
        #expect(
            try JSONText.text(
                .object(
                    CreateTenant.Fields.parse([
                        "--slug", "a", "--host", "a.example", "--administrator-email", "b@a.example",
                    ])
                    .members() ?? []))
                == #"{"slug":"a","hosts":["a.example"],"administrator":{"email":"b@a.example"}}"#)
        #expect(try JSONText.text(.object(SuspendTenant.Fields.parse([]).members() ?? [])) == #"{"state":"suspended"}"#)
    }

    @Test("roles are replaced, or given and taken one by one")
    func roles() throws {
        #expect(try UserRoles.parse(["ada", "A", "B"]).wanted(from: ["C"]) == ["A", "B"])
        #expect(try UserRoles.parse(["ada", "--add", "A", "--remove", "C"]).wanted(from: ["C", "B"]) == ["B", "A"])
        #expect(try UserRoles.parse(["ada", "--add", "B"]).wanted(from: ["B"]) == ["B"])
        #expect(throws: (any Error).self) { try UserRoles.parse(["ada", "A", "--add", "B"]) }
    }

    @Test("a site is an address and a tenant, from options before the environment")
    func sites() throws {
        let environment = ["GATEHOUSE_URL": "https://a.example/base/", "GATEHOUSE_TENANT": "acme"]
        let site = try Site(url: nil, tenant: nil, environment: environment)
        #expect(site.address(of: "/health") == "https://a.example/base/t/acme/health")
        #expect(site.headers.isEmpty)
        let id = "019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6071"
        let other = try Site(url: "http://localhost", tenant: id, environment: environment)
        #expect(other.address(of: "/health") == "http://localhost/health")
        #expect(other.headers.map(\.value) == [id])
        #expect(
            try Site(url: nil, tenant: nil, environment: ["GATEHOUSE_URL": ""]).base.text == "http://localhost:8080")
    }

    @Test(
        "what is no address or tenant is refused",
        arguments: [("ftp://x", nil), ("x", nil), ("http://x", "A/b"), ("http://x", "")])
    func notSites(url: String, tenant: String?) {
        let failure = #expect(throws: Failure.self) { try Site(url: url, tenant: tenant, environment: [:]) }
        #expect(failure?.exitCode == 2)
    }

    @Test("a query is encoded, and a word of a path keeps what may stand there")
    func encoding() {
        let request = APIRequest("GET", "/u", query: [("search", "a+b&c d/é")])
        #expect(request.target == "/u?search=a%2Bb%26c%20d%2F%C3%A9")
        #expect(PercentEncoding.segment("orders:ship/../x?") == "orders:ship%2F..%2Fx%3F")
    }
}
