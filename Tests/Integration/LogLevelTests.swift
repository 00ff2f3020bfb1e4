import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

@Suite("The log level while processes run", .timeLimit(.minutes(3)))
struct LogLevelTests {
    private func ask(_ process: PlainHTTP, _ key: String, _ body: String? = nil) throws -> PlainHTTP.Answer {
        try process.send(
            body == nil ? "GET" : "PUT", "/internal/log-level", headers: ["X-Gatehouse-Key: \(key)"], body: body)
    }

    @Test("it is changed for a while, and goes back by itself")
    func change() async throws {
        let suite = try SharedSuite.get()
        let (process, key) = (PlainHTTP(port: suite.ports["PORT_IDENTITY"] ?? 0), try suite.secret("internal_key"))
        func level() throws -> String? { try JSONParser.parse(ask(process, key).body.utf8)["level"]?.string }
        #expect(try level() == "info")

        let answer = try ask(process, key, #"{"level":"debug","for":"1s"}"#)
        #expect(answer.status == 200)
        let view = try JSONParser.parse(answer.body.utf8)
        #expect(view["level"]?.string == "debug")
        #expect(view["configured"]?.string == "info")
        #expect(view["until"]?.string != nil)
        try await eventually { try level() == "info" }
        try await eventually { try suite.logs().contains("log level restored") }

        // The last change counts, and the configured level ends it.
        _ = try ask(process, key, #"{"level":"debug","for":"1s"}"#)
        _ = try ask(process, key, #"{"level":"trace","for":"24h"}"#)
        try await Task.sleep(for: .seconds(1.2))
        #expect(try level() == "trace")
        let ended = try JSONParser.parse(ask(process, key, #"{"level":"info"}"#).body.utf8)
        #expect(ended["level"]?.string == "info")
        #expect(ended["until"]?.string == nil)
    }

    @Test("only with the internal key, and only with what can be meant")
    func refused() throws {
        let suite = try SharedSuite.get()
        let (process, key) = (PlainHTTP(port: suite.ports["PORT_OPS"] ?? 0), try suite.secret("internal_key"))
        #expect(try ask(process, "").status == 401)
        #expect(try ask(process, key + "x", #"{"level":"debug"}"#).status == 401)
        for (body, field) in [
            (#"{"level":"loud"}"#, "/level"), ("{}", "/level"), (#"{"level":"debug","for":"soon"}"#, "/for"),
            (#"{"level":"debug","for":"25h"}"#, "/for"), (#"{"level":"debug","for":"0s"}"#, "/for"),
        ] {
            let answer = try ask(process, key, body)
            #expect(answer.status == 422)
            #expect(answer.body.contains(field), "\(body)")
        }
        #expect(try ask(process, key).body.contains(#""level":"info""#))
        // Not by the public door.
        #expect(
            try suite.gateway.send("GET", "/internal/log-level", headers: ["X-Gatehouse-Key: \(key)"]).status == 404)
    }

    @Test("deploy/service and the executables change it, too")
    func commands() throws {
        let suite = try SharedSuite.get()
        #expect(try suite.deploy("service", "log-level", "gateway").contains(#""level":"info""#))
        #expect(try suite.deploy("service", "log-level", "admin", "debug", "1m").contains(#""level":"debug""#))
        #expect(try suite.deploy("service", "log-level", "admin", "info").contains(#""level":"info""#))
        #expect(throws: (any Error).self) { try suite.deploy("service", "log-level", "admin", "loud") }

        let command = [
            "env", "-C", "/tmp", "PORT=\(suite.ports["PORT_TOKEN"] ?? 0)",
            "INTERNAL_KEY_FILE=\(suite.folder)/secrets/internal_key",
            "MASTER_KEY_FILE=\(suite.folder)/secrets/master_key", "DATABASE_URL=postgresql:///x", "REDIS_URL=redis://x",
            "\(RunningSuite.root)/.build/debug/gatehouse-token", "--log-level",
        ]
        #expect(try ChildProcess.run(command).contains(#""level":"info""#))
        #expect(try ChildProcess.run(command + ["debug", "1m"]).contains(#""level":"debug""#))
        #expect(try ChildProcess.run(command + ["info"]).contains(#""level":"info""#))
        #expect(throws: (any Error).self) { try ChildProcess.run(command + ["loud"]) }
    }

    @Test("at the level trace no secret is in a log")
    func secrets() async throws {
        let suite = try RunningSuite(settings: ["LOG_LEVEL=trace", "RATE_LIMITS=on"])
        let root = try suite.superuser()
        let client = try suite.post(
            "/api/v1/admin/clients",
            #"{"client_id":"spy","name":"Spy","grant_types":["client_credentials"]}"#,
            bearer: root)
        let person = try Person(suite)
        let tokens = try person.login()
        let next = try Tokens(suite.refresh(tokens.refresh).body)
        _ = try suite.refresh(tokens.refresh)
        _ = try suite.me(next.access)
        _ = try suite.me(next.access + "x")
        _ = try suite.post("/api/v1/auth/forgot-password", #"{"email":"\#(person.email)"}"#)
        let mailed = try await suite.mailedToken(to: person.email, about: "password")
        _ = try suite.post(
            "/api/v1/auth/reset-password", #"{"token":"\#(mailed)","new_password":"another horse 8 battery"}"#)
        _ = try person.attempt("wrong horse 9 battery")
        let logs = try suite.logs()
        #expect(logs.contains(#""level":"debug""#) || logs.contains(#""level":"trace""#))
        var secrets = [
            person.password, "another horse 8 battery", "wrong horse 9 battery", root, tokens.access, tokens.refresh,
            next.access, next.refresh, mailed,
        ]
        secrets += [tokens.device, try JSONParser.parse(client.body.utf8)["client_secret"]?.string].compactMap { $0 }
        #expect(client.status == 201)
        for name in try ChildProcess.run(["ls", "\(suite.folder)/secrets"]).split(separator: "\n") {
            // A file of passwords has the last of five words a line.
            for line in try suite.secret(String(name)).split(separator: "\n") {
                secrets += line.split(separator: ":").last.map { [String($0)] } ?? []
            }
        }
        for secret in secrets where secret.count >= 8 { #expect(!logs.contains(secret)) }
    }
}
