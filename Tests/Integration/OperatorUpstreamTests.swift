import FoundationEssentials
import GatehouseTesting
import Glibc
import Testing

@Suite("An operator's own API behind the gateway", .timeLimit(.minutes(2)))
struct OperatorUpstreamTests {
    /// Our own route table with upstreams and routes of an operator's.
    static func table(_ upstreams: String, _ routes: String) throws -> String {
        let ours = try ChildProcess.run(["cat", "\(RunningSuite.root)/deploy/routes.json"])
        return ours.split(separator: #""routes": ["#, maxSplits: 1).joined(
            separator: "\"upstreams\": {\(upstreams)}, \"routes\": [\(routes), ")
    }

    @Test(
        "a token with the role opens it, one without does not; who is signed out loses his WebSocket; it can be moved")
    func protected() async throws {
        let (origin, other) = (try EchoOrigin(), try EchoOrigin())
        let file = "/tmp/gatehouse-routes-\(getpid())-\(uniqueName()).json"
        defer { unlink(file) }
        func write(_ port: Int) throws {
            let routes = #"""
                {"prefix":"/orders","service":"orders","auth":"required","roles":["USER"],"websocket":true},
                {"prefix":"/reports","service":"orders","auth":"required","roles":["ACCOUNTANT"]}
                """#
            let text = try Self.table(#""orders":{"url":"http://127.0.0.1:\#(port)/v1"}"#, routes)
            try Data(text.utf8).write(to: URL(filePath: file))
        }
        try write(origin.port)
        let suite = try RunningSuite(settings: ["ROUTES_FILE=\(file)"])
        let person = try Person(suite)
        let tokens = try person.login()

        #expect(try suite.send("GET", "/orders/1").status == 401)
        #expect(try suite.send("GET", "/reports", bearer: tokens.access).status == 403)
        let answer = try suite.send(
            "GET", "/orders/1?a=b", bearer: tokens.access, headers: ["X-Auth-Subject: somebody"])
        #expect(answer.status == 200)
        #expect(answer.body.hasPrefix("GET /v1/orders/1?a=b HTTP/1.1\r\n"))
        #expect(answer.body.contains("\r\nx-auth-subject: \(person.id)\r\n"))
        #expect(answer.body.contains("\r\nx-auth-roles: USER\r\n"))
        for word in ["somebody", "x-gatehouse-", tokens.access] { #expect(!answer.body.contains(word)) }

        let request = """
            GET /orders/feed HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r
            Sec-WebSocket-Key: eA==\r\n\(tokens.bearer)\r\n\r\n
            """
        let socket = Task.detached { try suite.gateway.raw(request) }
        try await eventually { origin.taken.isRaised }
        #expect(try suite.logout(tokens.access).status == 204)
        let ended = try await socket.value
        #expect(ended.status == 101)
        #expect(ended.body == "hello")
        let lines = { try suite.logs().split(separator: "\n").filter { $0.contains(#""status":101"#) } }
        try await eventually { try !lines().isEmpty }
        let line = try #require(try lines().first)
        #expect(line.contains(#""outcome":"broken_off""#))
        #expect(line.contains(#""bytes_out":5"#))
        #expect(line.contains(#""upstream":"orders""#))
        #expect(try lines().count == 1)

        try write(other.port)
        try suite.deploy("service", "reload", "gateway")
        let again = try person.login().access
        try await eventually {
            try suite.send("GET", "/orders", bearer: again).body.contains("\r\nhost: 127.0.0.1:\(other.port)\r\n")
        }
    }
}
