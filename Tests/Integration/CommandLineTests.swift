import ArgumentParser
import FoundationEssentials
import GatehouseTesting
import Glibc
import Kit
import NIOCore
import Testing

@testable import CommandLineTool

@Suite("The command line on a running Gatehouse", .serialized, .timeLimit(.minutes(4)))
struct CommandLineTests {
    private let suite: RunningSuite
    private let tool: Tool

    init() throws {
        suite = try SharedSuite.get()
        tool = try Tool(suite)
    }

    private func signInAsSuperuser() throws {
        try tool.login("root@example.com", suite.secret("first_superuser_password"))
    }

    /// Runs a command that has to succeed.
    @discardableResult
    private func good(_ arguments: String..., input: String = "", location: SourceLocation = #_sourceLocation) throws
        -> JSONValue
    {
        let ending = try tool.start(arguments + ["--json"], input: input).ending()
        #expect(ending.code == 0, "\(arguments): \(ending.errors)", sourceLocation: location)
        #expect(ending.errors == "", sourceLocation: location)
        return ending.output.isEmpty ? .null : try ending.json
    }

    @Test("users are made, found, changed and removed")
    func users() throws {
        try signInAsSuperuser()
        let (name, other) = (uniqueName(), uniqueName())
        let password = try tool.secretFile("correct horse 7 battery")
        let made = try good(
            "users", "create", "--email", "\(name)@example.com", "--username", name, "--password-file", password)
        let id = try #require(made["id"]?.string)
        #expect(try good("users", "create", "--email", "\(other)@example.com", "--invite")["state"]?.string == "active")
        guard case .array(let found) = try good("users", "list", "--search", name) else {
            throw ChildProcess.Failure("no list")
        }
        #expect(found.map { $0["id"]?.string } == [id])
        #expect(try good("users", "show", name)["id"]?.string == id)
        #expect(try good("users", "show", "\(name)@EXAMPLE.com")["id"]?.string == id)
        #expect(try good("users", "update", name, "--display-name", "Ada L")["display_name"]?.string == "Ada L")
        #expect(try good("users", "update", name, "--set", "display_name:=null")["display_name"] == .null)
        try good("users", "verify-email", name)
        try good("users", "lock", name)
        #expect(try good("users", "show", id)["locked"] == .bool(true))
        try good("users", "unlock", name)
        #expect(
            try good("users", "roles", name, "--add", "MODERATOR") == .array([.string("MODERATOR"), .string("USER")]))
        #expect(try good("users", "roles", name, "USER") == .array([.string("USER")]))
        #expect(try good("users", "roles", name) == .array([.string("USER")]))

        let theirs = try Tool(suite)
        try theirs.login(name, "correct horse 7 battery")
        guard case .array(let sessions) = try good("users", "sessions", name) else {
            throw ChildProcess.Failure("no list")
        }
        #expect(sessions.count == 1)
        guard case .array(let logins) = try good("users", "logins", name) else { throw ChildProcess.Failure("no list") }
        #expect(logins.first?["outcome"]?.string == "success")
        #expect(try good("users", "logout-all", name)["revoked"]?.integer == 1)
        #expect(try theirs.run("whoami").code == 3)
        try good("users", "reset-password", name)
        let bulk = try good("users", "bulk", "disable", id)
        #expect(bulk["done"]?.integer == 1)
        let partly = try tool.run("users", "bulk", "enable", id, UUID().uuidString)
        #expect(partly.code == 1)
        #expect(partly.errors == "gatehouse: 1 of 2 were refused\n")

        let unasked = try tool.run("users", "delete", name)
        #expect(unasked.code == 2)
        #expect(try good("users", "show", id)["id"]?.string == id)
        try good("users", "delete", name, "--yes")
        #expect(try tool.run("users", "show", id).code == 1)
    }

    @Test("tenants, clients, roles, permissions and keys are looked after")
    func others() async throws {
        try signInAsSuperuser()
        let slug = uniqueName("t")
        let body = try tool.secretFile(#"{"slug":"x","settings":{"max_sessions":2}}"#)
        let key = uniqueName()
        let (password, administrator) = (try tool.secretFile("correct horse 7 battery"), uniqueName())
        for _ in 0..<2 {
            let made = try good(
                "tenants", "create", "--slug", slug, "--name", "T", "--host", "\(slug).example", "--from-file", body,
                "--administrator-username", administrator, "--administrator-password-file", password,
                "--idempotency-key", key)
            #expect(made["hosts"] == .array([.string("\(slug).example")]))
            #expect(made["settings"]?["max_sessions"]?.integer == 2)
        }
        #expect(try good("tenants", "update", slug, "--name", "Two")["name"]?.string == "Two")
        #expect(try good("tenants", "suspend", slug, "-y")["state"]?.string == "suspended")
        #expect(try good("tenants", "resume", slug)["state"]?.string == "active")
        #expect(try good("tenants", "show", slug)["slug"]?.string == slug)
        #expect(try tool.run("tenants", "delete", slug).code == 2)
        let deleted = try good("tenants", "delete", slug, "--grace-seconds", "86400", "--yes")
        #expect(deleted["delete_after"]?.string != nil)
        let grace = "extract(epoch from delete_after - updated_at)::int"
        #expect(try suite.sql("select \(grace) from tenants where slug = '\(slug)'") == "86400")
        #expect(try good("tenants", "resume", slug)["delete_after"] == .null)
        // Its first administrator gets in once identity knows the tenant.
        let theirs = try Tool(suite)
        try await eventually { (try? theirs.login(administrator, "correct horse 7 battery", tenant: slug)) != nil }
        #expect(try theirs.run("users", "list", "--tenant", slug).code == 0)
        let wrong = try tool.run("tenants", "update", slug, "--set", "settings.max_sessions=two")
        #expect(wrong.code == 1)
        #expect(wrong.errors.contains("settings.max_sessions: must be a whole number"))

        let client = uniqueName("c")
        let registered = try good(
            "clients", "create", "--client-id", client, "--name", "C", "--grant", "client_credentials")
        let secret = try #require(registered["client_secret"]?.string)
        #expect(try good("clients", "update", client, "--scope", "a:b")["scopes"] == .array([.string("a:b")]))
        #expect(try good("clients", "show", client)["client_id"]?.string == client)
        let renewed = try good("clients", "rotate-secret", client, "--overlap-seconds", "0")
        #expect(renewed["client_secret"]?.string.map { $0 != secret } == true)
        #expect(renewed["former_secret_expires_at"] == .null)
        #expect(try good("clients", "rotate-secret", client)["former_secret_expires_at"]?.string != nil)
        try good("clients", "delete", client, "-y")

        let (role, permission) = (uniqueName("R"), "orders\(uniqueName().prefix(6)):ship")
        try good("permissions", "create", permission, "--description", "Ship")
        try good("roles", "create", "--name", role, "--permission", permission)
        #expect(try good("roles", "update", role, "--description", "D")["description"]?.string == "D")
        #expect(try good("roles", "show", role)["permissions"] == .array([.string(permission)]))
        try good("permissions", "delete", permission, "-y")
        #expect(try good("roles", "show", role)["permissions"] == .array([]))
        try good("roles", "delete", role, "-y")

        for list in ["tenants", "clients", "roles", "permissions", "keys"] {
            guard case .array(let elements) = try good(list, "list") else { throw ChildProcess.Failure("no list") }
            #expect(!elements.isEmpty)
        }
        #expect(try good("keys", "rotate")["keys"] != nil)
        #expect(try good("stats")["tenants"]?.integer ?? 0 > 1)
    }

    @Test("users come in from a file and go out into one, and the audit log tells of it and is whole")
    func transferAndAudit() throws {
        try signInAsSuperuser()
        let name = uniqueName()
        let file = try tool.secretFile(#"{"username":"\#(name)","display_name":"Came in"}"# + "\n")
        #expect(try good("users", "import", file, "--dry-run")["created"]?.integer == 1)
        #expect(try tool.run("users", "show", name).code == 1)
        #expect(try good("users", "import", file)["created"]?.integer == 1)
        #expect(try good("users", "import", file, "--on-conflict", "skip")["skipped"]?.integer == 1)
        let taken = try tool.run("users", "import", file)
        #expect(taken.code == 1)
        #expect(taken.errors == "gatehouse: 1 row failed\n")
        let users = try tool.run("users", "export", "--format", "csv").output.split(separator: "\n")
        #expect(users.count { $0.contains(name) && $0.contains("Came in") } == 1)
        let walk = try tool.run("users", "export")
        for line in walk.output.split(separator: "\n") { #expect(try JSONParser.parse(line.utf8)["id"] != nil) }

        guard case .array(let entries) = try good("audit", "list", "--action", "users.imported") else {
            throw ChildProcess.Failure("no list")
        }
        #expect(!entries.isEmpty && entries.allSatisfy { $0["action"]?.string == "users.imported" })
        #expect(try good("audit", "verify")["intact"] == .bool(true))
    }

    @Test("a walk goes through every page, an element a line, and a page tells of the next")
    func pages() throws {
        try signInAsSuperuser()
        let name = uniqueName()
        for number in 0..<5 { try good("users", "create", "--username", "\(name)\(number)") }
        let walk = try tool.run("users", "list", "--search", name, "--all", "--limit", "2", "--json")
        let names = try walk.output.split(separator: "\n").map { try JSONParser.parse($0.utf8)["username"]?.string }
        #expect(names == (0..<5).reversed().map { "\(name)\($0)" })
        let page = try tool.run("users", "list", "--search", name, "--limit", "2")
        #expect(page.output.split(separator: "\n").count == 2)
        let cursor = try #require(page.errors.split(separator: "--cursor ").last?.prefix { $0 != " " })
        let next = try tool.run("users", "list", "--search", name, "--limit", "3", "--cursor", String(cursor))
        #expect(next.output.split(separator: "\n").count == 3)
        #expect(next.errors == "")
        // A reader that has seen enough is no failure.
        let cut = try ChildProcess.run([
            "env", "XDG_CONFIG_HOME=\(tool.folder)", "GATEHOUSE_URL=http://localhost:\(suite.gateway.port)", "bash",
            "-c",
            "set -o pipefail; '\(Tool.program)' users list --all --limit 1 | head -n 1",
        ])
        #expect(cut.split(separator: "\n").count == 1)
    }

    @Test("who may not is told so with 3, by the words of the API")
    func forbidden() throws {
        let person = try Person(suite)
        try tool.login(person.name, person.password)
        #expect(try tool.run("whoami", "--json").json["username"]?.string == person.name)
        let ending = try tool.run("users", "list")
        #expect(ending.code == 3)
        #expect(ending.output == "")
        #expect(ending.errors.contains("(403 forbidden)"))
        #expect(ending.errors.contains("users:read"))
        #expect(ending.errors.contains("\n  request "))
    }

    @Test("who is not signed in is told how, and a wrong password is refused")
    func notSignedIn() throws {
        let nobody = try tool.run("users", "list")
        #expect(nobody.code == 3)
        #expect(nobody.errors.contains("gatehouse login"))
        let person = try Person(suite)
        let wrong = try tool.run("login", person.name, input: "not the password\n")
        #expect(wrong.code == 3)
        #expect(wrong.errors.contains("(401 invalid_credentials)"))
        #expect(try tool.run("whoami").code == 3)
        #expect(try tool.run("logout").code == 3)
        let none = try tool.run("login", person.name)
        #expect(none.code == 2)
    }

    @Test("an address where nobody is is told with 4")
    func unreachable() throws {
        let port = try FreePort.take(1)[0]
        let ending = try tool.run(
            "users", "list", "--url", "http://localhost:\(port)", settings: ["GATEHOUSE_TOKEN=x"])
        #expect(ending.code == 4)
        #expect(
            ending.errors
                == "gatehouse: http://localhost:\(port) can't be reached: nothing accepts connections on port \(port)\n"
        )
        let nowhere = try tool.run("stats", "--url", "http://nowhere.invalid", settings: ["GATEHOUSE_TOKEN=x"])
        #expect(nowhere.code == 4)
        #expect(try tool.run("doctor", "--url", "http://localhost:\(port)").code == 1)
    }

    @Test("a tenant that there is none of is told, and each tenant has its login")
    func tenants() async throws {
        let tenant = try await suite.tenant()
        let person = try Person(suite, tenant: tenant.slug)
        let none = try tool.run("login", person.name, "--tenant", uniqueName("t"), input: "x\n")
        #expect(none.code == 1)
        #expect(none.errors.contains("404"))
        try tool.login(person.name, person.password, tenant: tenant.slug)
        #expect(try tool.run("whoami", "--tenant", tenant.slug).code == 0)
        #expect(try tool.run("whoami", settings: ["GATEHOUSE_TENANT=\(tenant.slug)"]).code == 0)
        #expect(try tool.run("whoami").code == 3)
        try tool.login(person.name, person.password, tenant: tenant.id)
        #expect(try tool.run("whoami", "--tenant", tenant.id).code == 0)
    }

    @Test("a token or a file that holds one stands for a login")
    func tokens() throws {
        let token = try suite.superuser()
        #expect(try tool.run("stats", settings: ["GATEHOUSE_TOKEN=\(token)"]).code == 0)
        let file = try tool.secretFile(token + "\n")
        #expect(try tool.run("stats", settings: ["GATEHOUSE_TOKEN_FILE=\(file)"]).code == 0)
        let bad = try tool.run("stats", settings: ["GATEHOUSE_TOKEN=\(token.dropLast(4))AAAA"])
        #expect(bad.code == 3)
        #expect(!bad.errors.contains(token.prefix(20)))
        chmod(file, 0o644)
        #expect(try tool.run("stats", settings: ["GATEHOUSE_TOKEN_FILE=\(file)"]).code == 2)
    }

    @Test("a logout ends the session at the server, and forgets the tokens")
    func logout() throws {
        let person = try Person(suite)
        try tool.login(person.name, person.password)
        let access = try #require(tool.login["access_token"]?.string)
        #expect(try suite.me(access).status == 200)
        try tool.expire()
        #expect(try tool.run("logout").code == 0)
        #expect(try suite.me(access).status == 401)
        #expect(try tool.login["refresh_token"] == nil)
        #expect(try tool.run("whoami").code == 3)
    }

    @Test("twenty processes with a token that is over all succeed, and the session lives")
    func race() throws {
        let person = try Person(suite)
        try tool.login(person.name, person.password)
        for _ in 0..<15 {
            try tool.expire()
            let before = try tool.login["refresh_token"]?.string
            let running = try (0..<20).map { _ in try tool.start(["whoami", "--json"]) }
            for ending in running.map({ $0.ending() }) { #expect(ending.code == 0, "\(ending.errors)") }
            #expect(try tool.login["refresh_token"]?.string != before)
        }
        #expect(try sessions(of: person) == 1)
    }

    @Test("twenty processes whose token was cut off all succeed, and the session lives")
    func cutOff() throws {
        let person = try Person(suite)
        try tool.login(person.name, person.password)
        let superuser = try suite.superuser()
        for roles in [#"["USER","MODERATOR"]"#, #"["USER"]"#, #"["USER","ADMIN"]"#] {
            let change = try suite.send(
                "PUT", "/api/v1/admin/users/\(person.id)/roles", #"{"roles":\#(roles)}"#, bearer: superuser)
            #expect(change.status == 200)
            let running = try (0..<20).map { _ in try tool.start(["whoami", "--json"]) }
            for ending in running.map({ $0.ending() }) { #expect(ending.code == 0, "\(ending.errors)") }
        }
        #expect(try tool.run("users", "list").code == 0)
        #expect(try sessions(of: person) == 1)
    }

    private func sessions(of person: Person) throws -> Int {
        Int(try suite.sql("select count(*) from sessions where user_id = '\(person.id)' and revoked_at is null")) ?? 0
    }

    @Test("a secret is in no argument, no output, no error and no log")
    func secrets() throws {
        let password = "battery \(uniqueName()) staple"
        let person = try Person(suite, password: password)
        let file = try tool.secretFile(password)
        var said = ""
        func note(_ ending: Tool.Ending) { said += ending.output + ending.errors }
        note(try tool.run("login", person.name, "--password-file", file, "--json"))
        let login = try tool.login
        let secrets = try ["access_token", "refresh_token", "device_token"].map { try #require(login[$0]?.string) }
        note(try tool.run("whoami"))
        note(try tool.run("users", "create", "--username", uniqueName(), "--password-file", file))
        note(try tool.run("users", "create", "--set", "password=\(password)"))
        note(try tool.run("login", "nobody", "--password-file", file))
        note(try tool.run("doctor"))
        try tool.expire()
        note(try tool.run("whoami"))
        note(try tool.run("logout"))
        // The help of no command offers an option that takes one.
        let options = Gatehouse.completionScript(for: .bash)
        for option in ["--password ", "--password\n", "--token ", "--secret "] { #expect(!options.contains(option)) }
        let logs = try suite.logs()
        for secret in secrets + [password] {
            #expect(!said.contains(secret))
            #expect(!logs.contains(secret))
        }
    }

    @Test("the doctor finds nothing where nothing is, and says what is, with 1")
    func doctor() throws {
        try signInAsSuperuser()
        let stores = [
            "DATABASE_MIGRATE_URL=postgresql://gatehouse_owner@127.0.0.1:\(suite.ports["PORT_POSTGRES"] ?? 0)/gatehouse",
            "DATABASE_MIGRATE_PASSWORD_FILE=\(suite.folder)/secrets/owner_password",
            "REDIS_URL=redis://127.0.0.1:\(suite.ports["PORT_REDIS"] ?? 0)",
            "REDIS_PASSWORD_FILE=\(suite.folder)/secrets/redis_password",
        ]
        let well = try tool.run("doctor", "--json", settings: stores)
        #expect(well.code == 0, "\(well.output) \(well.errors)")
        guard case .array(let findings)? = try well.json["findings"] else { throw ChildProcess.Failure("no findings") }
        #expect(
            findings.compactMap { $0["subject"]?.string } == [
                "address", "clock", "gateway", "identity", "token", "admin", "issuer", "keys", "login", "database",
                "redis",
            ])
        #expect(findings.allSatisfy { $0["state"]?.string == "ok" })

        let service = try tool.run(
            "doctor",
            settings: [
                "DATABASE_URL=postgresql://gatehouse_service@127.0.0.1:\(suite.ports["PORT_POSTGRES"] ?? 0)/gatehouse",
                "DATABASE_PASSWORD_FILE=\(suite.folder)/secrets/service_password",
            ])
        #expect(service.code == 0)
        #expect(service.output.contains("ok\tdatabase\tThe schema is at "))

        let wrong = try tool.secretFile("wrong")
        let ill = try tool.run(
            "doctor", "--url", "http://127.0.0.1:\(suite.gateway.port)",
            settings: [
                stores[0], "DATABASE_MIGRATE_PASSWORD_FILE=\(wrong)", stores[2], "REDIS_PASSWORD_FILE=\(wrong)",
            ])
        #expect(ill.code == 1)
        for subject in ["issuer", "database", "redis"] { #expect(ill.output.contains("problem\t\(subject)\t")) }
        #expect(ill.errors == "gatehouse: 3 things are wrong\n")
    }

    @Test("migrate is the migrator, with its output and its exit codes")
    func migrate() throws {
        let stores = [
            "DATABASE_MIGRATE_URL=postgresql://gatehouse_owner@127.0.0.1:\(suite.ports["PORT_POSTGRES"] ?? 0)/gatehouse",
            "DATABASE_MIGRATE_PASSWORD_FILE=\(suite.folder)/secrets/owner_password",
        ]
        let check = try tool.run("migrate", "check", settings: stores)
        #expect(check.code == 0)
        #expect(check.output.contains("which is head"))
        #expect(
            try tool.run("migrate", "downgrade", "-1", "--sql").output.contains("delete from gatehouse_schema_version"))
        #expect(try tool.run("migrate", "check").code == 2)
        #expect(try tool.run("migrate", "upgrade", "0000", settings: stores).code == 1)
    }

    @Test("a shell completes commands and options")
    func completion() throws {
        let script = try tool.run("--generate-completion-script", "bash")
        #expect(script.code == 0)
        let file = try tool.secretFile(script.output)
        let words = try ChildProcess.run([
            "bash", "-c",
            "source \(file); COMP_WORDS=(gatehouse users l); COMP_CWORD=2; _gatehouse gatehouse l users; echo ${COMPREPLY[@]}",
        ])
        #expect(Set(words.split(whereSeparator: \.isWhitespace)) == ["list", "lock", "logins", "logout-all"])
    }

    @Test("every route that a command goes by is one of the API")
    func routes() throws {
        let answer = try suite.send("GET", "/api/v1/openapi.json")
        let paths = try #require(JSONParser.parse(answer.body.utf8)["paths"])
        let routes = Self.routes(of: Gatehouse.self)
        #expect(routes.count > 30)
        for route in routes {
            #expect(paths[route.path]?[route.method.lowercased()] != nil, "\(route.method) \(route.path)")
        }
    }

    private static func routes(of command: any ParsableCommand.Type) -> [(method: String, path: String)] {
        let own = (command as? any RoutedCommand.Type).map { [$0.route] } ?? []
        return own + command.configuration.subcommands.flatMap { routes(of: $0) }
    }
}
