import GatehouseTesting
import NIOCore
import Testing

@testable import Gateway

extension FrontTests {
    @Suite("Routes for one method", .timeLimit(.minutes(3)))
    struct MethodRouteTests {
        private static func route(_ prefix: String, _ method: String) -> RouteTable.Route {
            .init(
                prefix: prefix, method: method, service: "bulk", authentication: .required, bodyLimit: 0,
                timeout: .seconds(1))
        }

        @Test("what asks like another method is routed like it: HEAD as GET, a page's question as what it asks about")
        func likeness() async throws {
            try await withFront(operated: [Self.route("/read", "GET"), Self.route("/write/{id}/all", "POST")]) {
                (front: TestFront) throws in
                func status(_ method: String, _ path: String, askingFor asked: String? = nil) throws -> Int {
                    let page = asked.map { ["Origin: https://a.example", "Access-Control-Request-Method: \($0)"] }
                    return try PlainHTTP(port: front.port).send(method, path, headers: page ?? []).status
                }
                // With no token 401 shows that the route counts, as 403 does that a page's origin was judged.
                #expect(try status("GET", "/read") == 401)
                #expect(try status("HEAD", "/read/more") == 401)
                #expect(try status("POST", "/read") == 404)
                #expect(try status("OPTIONS", "/read") == 404)
                #expect(try status("OPTIONS", "/read", askingFor: "GET") == 403)
                #expect(try status("OPTIONS", "/read", askingFor: "HEAD") == 403)
                #expect(try status("OPTIONS", "/read", askingFor: "POST") == 404)
                #expect(try status("POST", "/write/7/all") == 401)
                #expect(try status("HEAD", "/write/7/all") == 404)
                #expect(try status("OPTIONS", "/write/7/all", askingFor: "POST") == 403)
            }
        }
    }
}
