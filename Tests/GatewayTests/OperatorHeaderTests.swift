import Events
import Foundation
import GatehouseTesting
import NIOCore
import Testing

@testable import Gateway

extension FrontTests {
    @Suite("What an operator's service is told", .timeLimit(.minutes(3)))
    struct OperatorHeaderTests {
        @Test("who asks is told by the gateway alone, and nothing internal leaves it")
        func identity() async throws {
            let origin = try await RawOrigin.answering("ok")
            let route = RawOrigin.route([origin.port], authentication: .required, path: "/base") { rules in
                rules.requirements.roles = ["CLERK", "BOSS"]
                rules.requirements.scopes = ["orders"]
                rules.stripsPrefix = true
            }
            try await withFront(operated: [route]) { (front: TestFront) throws in
                let session = UUID()
                let bearer = try TestToken.bearer(roles: ["CLERK", "USER"], scope: "orders x", session: session)
                let answer = try PlainHTTP(port: front.port).send(
                    "GET", "/orders/7?a=b",
                    headers: [
                        bearer, "X-Auth-Subject: somebody", "X_Auth_Subject: somebody", "X-Auth-Roles: BOSS",
                        "x-gatehouse-key: key", "X-Gatehouse-Subject: root", "X_Gatehouse_Subject: root",
                        "Remote-User: root", "Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4",
                        "X-Forwarded-Host: evil.example", "X-Forwarded-Uri: /x", "X-Real-IP: 1.2.3.4",
                        "Keep-Alive: 5", "TE: trailers", "Proxy-Authorization: Basic eA==", "X-Hop: secret",
                        "Connection: close, X-Hop", "Accept: text/plain", "X-Request-Id: abc-123",
                    ])
                #expect(answer.body == "ok")
                let head = try #require(origin.seen.heads.first)
                let lines = head.split(separator: "\r\n").map(String.init)
                #expect(lines[0] == "GET /base/7?a=b HTTP/1.1")
                let names = lines.dropFirst().map { String($0.prefix { $0 != ":" }) }
                #expect(
                    names.sorted() == [
                        "accept", "host", "traceparent", "via", "x-auth-client", "x-auth-roles", "x-auth-scope",
                        "x-auth-session", "x-auth-subject", "x-auth-tenant", "x-forwarded-for", "x-forwarded-host",
                        "x-forwarded-proto", "x-request-id",
                    ])
                for line in [
                    "host: 127.0.0.1:\(origin.port)", "x-auth-subject: 5f0c9a50-0000-4000-8000-000000000001",
                    "x-auth-tenant: default", "x-auth-client: app", "x-auth-roles: CLERK,USER",
                    "x-auth-scope: orders x", "x-auth-session: \(session.uuidString.lowercased())",
                    "x-forwarded-for: 127.0.0.1", "x-forwarded-host: localhost", "x-forwarded-proto: http",
                    "via: 1.1 gatehouse", "x-request-id: abc-123", "accept: text/plain",
                ] { #expect(lines.contains(line), "\(line)") }
                for secret in ["key", "root", "evil", "1.2.3.4", "Bearer", "secret", "somebody"] {
                    #expect(!head.contains(secret), "\(secret)")
                }
            }
            await origin.stop()
        }

        @Test("a token has to be there and good, with one of the roles and all scopes")
        func requirements() async throws {
            let origin = try await RawOrigin.answering("ok")
            let routes = [
                RawOrigin.route([origin.port], authentication: .required) {
                    $0.requirements.roles = ["CLERK", "BOSS"]
                    $0.requirements.scopes = ["read", "write"]
                },
                RawOrigin.route([origin.port], prefix: "/maybe", authentication: .optional),
            ]
            try await withFront(operated: routes) { (front: TestFront) throws in
                func status(_ path: String, _ headers: [String]) throws -> Int {
                    try PlainHTTP(port: front.port).send("GET", path, headers: headers).status
                }
                #expect(try status("/orders", []) == 401)
                #expect(try status("/orders", ["Authorization: Bearer nonsense"]) == 401)
                #expect(try status("/orders", [TestToken.bearer(roles: ["BOSS"], scope: "write")]) == 403)
                #expect(try status("/orders", [TestToken.bearer(roles: ["OTHER"], scope: "read write")]) == 403)
                #expect(origin.seen.heads.isEmpty)
                #expect(try status("/orders", [TestToken.bearer(roles: ["BOSS"], scope: "write read")]) == 200)
                #expect(try status("/maybe", ["Authorization: Bearer nonsense"]) == 401)
                #expect(try status("/maybe", []) == 200)
                #expect(origin.seen.heads.last?.contains("x-auth-") == false)
                #expect(try status("/maybe", [TestToken.bearer()]) == 200)
                #expect(origin.seen.heads.last?.contains("x-auth-subject: ") == true)
                let session = UUID()
                let token = try TestToken.bearer(session: session)
                #expect(try status("/maybe", [token]) == 200)
                front.revocations.insert([session])
                #expect(try status("/maybe", [token]) == 401)
            }
            await origin.stop()
        }

        @Test("Host and Authorization go on where the route says so")
        func kept() async throws {
            let origin = try await RawOrigin.answering("ok")
            let route = RawOrigin.route([origin.port], authentication: .required) {
                $0.keepsHost = true
                $0.keepsAuthorization = true
            }
            try await withFront(operated: [route]) { (front: TestFront) throws in
                let bearer = try TestToken.bearer()
                #expect(try PlainHTTP(port: front.port).send("GET", "/orders", headers: [bearer]).status == 200)
                let head = origin.seen.heads[0]
                #expect(head.contains("\r\nhost: localhost\r\n"))
                #expect(head.contains("\r\nauthorization: Bearer "))
            }
            await origin.stop()
        }

        @Test("an answer keeps what it says to browsers and caches, and loses what is between two connections")
        func answers() async throws {
            let origin = try await RawOrigin { connection, head in
                let plain = head.contains("/plain")
                let fields =
                    plain
                    ? []
                    : [
                        "Content-Security-Policy: default-src 'self'", "X-Frame-Options: SAMEORIGIN",
                        "Cache-Control: max-age=60", "Connection: X-Hop", "X-Hop: 1", "Keep-Alive: 5",
                        "X-Gatehouse-Revoked: 5f0c9a50-0000-4000-8000-000000000009", "X-Request-Id: theirs",
                        "Access-Control-Allow-Origin: *", "Server: origin", "Set-Cookie: a=b", "Set-Cookie: c=d",
                    ]
                connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
            }
            try await withFront(operated: [RawOrigin.route([origin.port], authentication: .optional)]) {
                (front: TestFront) throws in
                let answer = try PlainHTTP(port: front.port).send("GET", "/orders")
                func values(_ name: String) -> [String] { answer.headers.filter { $0.name == name }.map(\.value) }
                #expect(values("content-security-policy") == ["default-src 'self'"])
                #expect(values("x-frame-options") == ["SAMEORIGIN"])
                #expect(values("x-content-type-options") == ["nosniff"])
                #expect(values("cache-control") == ["max-age=60"])
                #expect(values("server") == ["origin"])
                #expect(values("set-cookie") == ["a=b", "c=d"])
                #expect(values("x-request-id").count == 1 && values("x-request-id") != ["theirs"])
                for name in ["x-hop", "keep-alive", "x-gatehouse-revoked", "access-control-allow-origin"] {
                    #expect(values(name).isEmpty, "\(name)")
                }
                let plain = try PlainHTTP(port: front.port).send("GET", "/orders/plain")
                #expect(plain.header("cache-control") == nil)
                #expect(plain.header("content-security-policy")?.hasPrefix("default-src 'none'") == true)
                // Only our own services may end sessions.
                let session = UUID(uuidString: "5f0c9a50-0000-4000-8000-000000000009")
                let bearer = try TestToken.bearer(session: session)
                #expect(try PlainHTTP(port: front.port).send("GET", "/orders", headers: [bearer]).status == 200)
            }
            await origin.stop()
        }
    }
}
