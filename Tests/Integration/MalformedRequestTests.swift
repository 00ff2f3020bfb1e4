import GatehouseTesting
import Testing

/// Requests as no browser makes them, byte for byte over a real socket: each gets the answer it deserves, and the gateway
/// never does what only one of two readers would have understood.
@Suite("Malformed requests")
struct MalformedRequestTests {
    private func answer(_ request: String) throws -> PlainHTTP.Answer { try SharedSuite.get().gateway.raw(request) }

    /// A request that is whole but for the one thing that is wrong with it.
    private func get(_ target: String = "/api/v1/echo", _ fields: String = "") -> String {
        "GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(fields)\r\n"
    }

    @Test(
        "the request line",
        arguments: [
            ("garbage\r\n\r\n", 400), ("GET\r\n\r\n", 400), ("GET /api/v1/echo\r\n\r\n", 400),
            ("GET  /api/v1/echo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /api/v1/echo  HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET\t/api/v1/echo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (" GET /api/v1/echo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("G(T /api/v1/echo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /api/v1/echo HTTP/2.0\r\nHost: x\r\n\r\n", 505),
            ("GET /api/v1/echo HTTP/9.9\r\nHost: x\r\n\r\n", 505),
            ("GET /api/v1/echo http/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /api/v1/echo HTTP/1.1x\r\nHost: x\r\n\r\n", 400),
            ("GET /api/v1/\u{e9}cho HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET api/v1/echo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 501),
            ("BREW /api/v1/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 501),
            ("TRACE /api/v1/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 501),
            ("get /api/v1/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 501),
        ])
    func requestLine(request: String, status: Int) throws {
        #expect(try answer(request).status == status)
    }

    @Test(
        "paths that two readers could understand differently",
        arguments: [
            "/api/v1/auth/../echo", "/api/v1/./echo", "/%2e%2e/api/v1/echo", "/api/v1/%2Fecho", "/api//v1/echo",
            "/api/v1/echo/..", "/api/v1/..;/echo", "/api/v1/echo%00", "/api/v1/echo%", "/api/v1/echo%zz",
            "/api/v1/echo#x", "/api\\v1\\echo", "//api/v1/echo", "/api/v1/%5cecho", "/api/v1/%25%32%65",
        ])
    func paths(target: String) throws {
        #expect(try answer(get(target)).status == 400)
    }

    @Test(
        "hosts",
        arguments: [
            ("GET /api/v1/echo HTTP/1.1\r\n\r\n", 400),
            ("GET /api/v1/echo HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
            ("GET /api/v1/echo HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
            ("GET /api/v1/echo HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
            ("GET /api/v1/echo HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
            ("GET /api/v1/echo HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
            ("GET /api/v1/echo HTTP/1.1\r\nHost:\r\n\r\n", 400),
            ("GET http://a.example/api/v1/echo HTTP/1.1\r\nHost: b.example\r\n\r\n", 400),
            ("GET http://a.example/api/v1/echo HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n", 200),
            ("GET /api/v1/echo HTTP/1.0\r\n\r\n", 200),
        ])
    func hosts(request: String, status: Int) throws {
        #expect(try answer(request).status == status)
    }

    @Test(
        "fields",
        arguments: [
            ("X: a\r\n b\r\n", 400), ("X : a\r\n", 400), (": a\r\n", 400), ("X\r\n", 400), ("X: a\u{0}b\r\n", 400),
            ("X: a\rb\r\n", 400), ("X: a\nY: b\r\n", 400), ("X(: a\r\n", 400), ("X: a\u{7f}\r\n", 400),
            ("Expect: 200-ok\r\n", 417), ("X: caf\u{e9}\r\n", 200),
        ])
    func fields(line: String, status: Int) throws {
        #expect(try answer(get("/api/v1/echo", line)).status == status)
    }

    @Test("too much of a head is told from a bad one")
    func sizes() throws {
        #expect(try answer(get("/" + String(repeating: "a", count: 9000))).status == 414)
        #expect(try answer(get("/api/v1/echo", "X: " + String(repeating: "a", count: 40_000) + "\r\n")).status == 431)
        let many = (0..<120).map { "X\($0): a\r\n" }.joined()
        #expect(try answer(get("/api/v1/echo", many)).status == 431)
        // No end of the head comes at all.
        #expect(try answer("GET /api/v1/echo HTTP/1.1\r\nX: " + String(repeating: "a", count: 200_000)).status == 431)
    }

    @Test(
        "lengths of bodies",
        arguments: [
            ("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
            ("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
            ("Content-Length: 3, 3\r\n\r\nabc", 400), ("Content-Length: +3\r\n\r\nabc", 400),
            ("Content-Length: -1\r\n\r\n", 400), ("Content-Length: 0x3\r\n\r\nabc", 400),
            ("Content-Length: 99999999999999999999\r\n\r\n", 400), ("Content-Length:\r\n\r\n", 400),
            ("Content-Length: 9999999\r\n\r\n", 413),
            ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: gzip\r\n\r\n", 501), ("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
            ("Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501),
            ("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501),
            ("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", 400),
        ])
    func lengths(rest: String, status: Int) throws {
        let answer = try answer("POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n" + rest)
        #expect(answer.status == status)
        // Where a message ends is not known: nothing that follows may be taken for a request.
        #expect(answer.header("connection") == "close")
    }

    @Test("a request hidden in another's body is never answered")
    func smuggled() throws {
        let hidden = "GET /health/liveness HTTP/1.1\r\nHost: x\r\n\r\n"
        for first in [
            "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n",
            "Transfer-Encoding:\u{b}chunked\r\n\r\n0\r\n\r\n",
            "Content-Length: 0\r\n Transfer-Encoding: chunked\r\n\r\n",
        ] {
            let answer = try answer("POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n" + first + hidden)
            #expect(answer.status == 400, "\(first)")
            #expect(!answer.body.contains("HTTP/1.1"), "\(first)")
        }
    }

    @Test("what goes no further says why, in the gateway's own form")
    func shape() throws {
        let answer = try answer("GET /api/v1/echo HTTP/1.1\r\n\r\n")
        #expect(answer.header("content-type") == "application/problem+json")
        #expect(answer.header("x-content-type-options") == "nosniff")
        #expect(answer.header("x-request-id") != nil)
        #expect(answer.body.contains(#""code":"malformed_request""#))
    }

    @Test(
        "tenants and routes that are not there",
        arguments: [
            get404("/nowhere"), get404("/t/nobody/api/v1/auth/me"),
            get404("/.well-known/jwks.json", "X-Tenant: nobody\r\n"),
        ])
    func absent(request: String) throws {
        #expect(try answer(request).status == 404)
    }

    private static func get404(_ target: String, _ fields: String = "") -> String {
        "GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(fields)\r\n"
    }

    @Test("a refusal of what can't be read has its body, whatever was asked before")
    func afterHead() throws {
        let answer = try answer("HEAD /api/v1/echo HTTP/1.1\r\nHost: x\r\n\r\ngarbage\r\n\r\n")
        #expect(answer.status == 200)
        #expect(answer.body.hasPrefix("HTTP/1.1 400"))
        #expect(answer.body.contains(#""code":"malformed_request""#))
    }

    @Test("a request without a body that is refused leaves the connection in order")
    func goesOn() throws {
        let answer = try answer(
            "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
                + "GET /api/v1/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(answer.status == 404)
        #expect(answer.body.contains(#"{"message":"ok"}"#))
    }
}
