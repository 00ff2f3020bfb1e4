import GatehouseTesting
import Testing

@Suite("The gateway", .timeLimit(.minutes(3)))
struct GatewayTests {
    @Test("headers only a process may send are taken off")
    func internalHeaders() throws {
        let suite = try SharedSuite.get()
        let subject = "x-gatehouse-subject: 01a1fc9e-84d8-7645-8692-33a9a14d6967"
        for headers in [
            [subject, "X-Gatehouse-Client: gatehouse", "X-Gatehouse-Roles: superuser"],
            ["X-Gatehouse-Key: \(try suite.secret("internal_key"))", subject, "X-Gatehouse-Client: x"],
        ] {
            #expect(try suite.gateway.send("GET", "/api/v1/auth/me", headers: headers).status == 401)
            #expect(try suite.gateway.send("GET", "/api/v1/admin/stats", headers: headers).status == 401)
        }
    }

    @Test("internal paths can't be reached from outside")
    func internalPaths() throws {
        let suite = try SharedSuite.get()
        for path in [
            "/internal/sessions", "/internal/openapi", "/metrics", "//internal/sessions", "/api/../internal/openapi",
        ] {
            #expect(try [400, 404].contains(suite.gateway.send("POST", path, body: "{}").status))
        }
        #expect(
            try PlainHTTP(port: suite.ports["PORT_TOKEN"] ?? 0).send("POST", "/internal/sessions", body: "{}").status
                == 401)
    }

    @Test("a body beyond its route's limit is refused while it comes")
    func bodyLimit() throws {
        let suite = try SharedSuite.get()
        let body = #"{"username":"x","password":""# + String(repeating: "a", count: 20_000) + #""}"#
        #expect(try suite.gateway.send("POST", "/login", body: body).status == 413)
        let chunked =
            "POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\n"
            + String(repeating: "a", count: 0x5000) + "\r\n0\r\n\r\n"
        #expect(try suite.gateway.raw(chunked).status == 413)
    }

    @Test("HEAD is answered as GET is, without the body, and leaves the connection in order")
    func head() throws {
        let suite = try SharedSuite.get()
        for path in ["/.well-known/jwks.json", "/api/v1/echo", "/docs", "/health/liveness"] {
            let (head, get) = (try suite.gateway.send("HEAD", path), try suite.gateway.send("GET", path))
            #expect(head.status == get.status)
            #expect(head.body.isEmpty)
            if path != "/health/liveness" { #expect(head.header("content-length") == get.header("content-length")) }
        }
        #expect(try suite.gateway.send("HEAD", "/oauth2/token").status == 405)
        let pipelined = try suite.gateway.raw(
            "HEAD /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n"
                + "GET /api/v1/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(pipelined.body.contains(#"{"message":"ok"}"#))
    }

    @Test("blanks around a field's value are no part of it")
    func blanks() throws {
        let suite = try SharedSuite.get()
        for field in ["X-Foo: a ", "X-Foo:\t a\t ", "X-Foo: ", "Accept:  text/html \t"] {
            #expect(try suite.gateway.send("GET", "/api/v1/echo", headers: [field]).status == 200)
        }
    }

    @Test("callers that give up early, by the hundreds, end nobody else's request")
    func abandoned() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let asked = suite.gateway.request(
            "POST", "/api/v1/auth/forgot-password", body: #"{"email":"nobody@example.com"}"#)
        let isOver = Flag()
        let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
            group.addTask {
                for _ in 0..<1500 { try suite.gateway.abandon(asked) }
                isOver.raise()
                return []
            }
            group.addTask {
                var statuses: [Int] = []
                while !isOver.isRaised { statuses.append(try person.attempt().status) }
                return statuses
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(statuses.count > 5)
        #expect(statuses.allSatisfy { $0 == 200 })
    }

    @Test("each of two requests on one connection has its own answer")
    func pipelining() throws {
        let suite = try SharedSuite.get()
        let answer = try suite.gateway.raw(
            "GET /api/v1/echo HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(answer.status == 200)
        #expect(answer.body.contains("HTTP/1.1 404"))
    }

    @Test("an answer carries the caller's request id when it is sane, and the fields that protect browsers")
    func answerHeaders() throws {
        let suite = try SharedSuite.get()
        let sane = try suite.gateway.send("GET", "/api/v1/echo", headers: ["X-Request-Id: abc-1"])
        #expect(sane.header("x-request-id") == "abc-1")
        #expect(sane.header("x-content-type-options") == "nosniff")
        #expect(sane.header("cache-control") == "no-store")
        #expect(sane.header("server") == nil)
        let bad = try suite.gateway.send("GET", "/api/v1/echo", headers: ["X-Request-Id: a b;c"])
        #expect(bad.header("x-request-id")?.contains(" ") == false)
        let me = try suite.gateway.send("GET", "/api/v1/auth/me")
        #expect(me.header("www-authenticate") == "Bearer")
        #expect(me.header("content-type") == "application/problem+json")
    }

    @Test("health tells of the whole, and each process of itself")
    func health() throws {
        let suite = try SharedSuite.get()
        let whole = try suite.gateway.send("GET", "/health")
        #expect(whole.status == 200)
        for word in ["identity", "token", "admin", "postgres", "redis", "version", "timestamp"] {
            #expect(whole.body.contains("\"\(word)\""))
        }
        for port in ["PORT_OPS", "PORT_IDENTITY", "PORT_TOKEN", "PORT_ADMIN"] {
            let process = PlainHTTP(port: suite.ports[port] ?? 0)
            for path in ["/health", "/health/liveness", "/health/readiness", "/health/startup"] {
                #expect(try process.send("GET", path).status == 200)
            }
            #expect(try process.send("GET", "/metrics").body.contains("gatehouse_build_info"))
        }
    }

    @Test("old paths lead to the new ones")
    func aliases() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let form = "username=\(person.name)&password=correct+horse+7+battery"
        for path in ["/auth/login", "/login"] {
            let answer = try suite.gateway.send("POST", path, body: form, type: "application/x-www-form-urlencoded")
            let tokens = try Tokens(answer.body)
            #expect(
                try suite.gateway.send("GET", "/auth/me", headers: ["Authorization: bearer \(tokens.access)"]).status
                    == 200)
        }
        #expect(try suite.gateway.send("GET", "/auth/docs").status == 200)
    }
}
