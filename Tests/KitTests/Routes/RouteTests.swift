import Domain
import HTTPFields
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Testing

@testable import Kit

private struct Input: RequestContent {
    let name: String
    let flag: Bool?

    init(from fields: inout FieldReader) {
        name = fields.required("name", .text(2...5))
        flag = fields.optional("flag", .flag)
    }
}

private struct Output: ResponseContent {
    let name: String
    let note: String?

    static let example = Output(name: "ada", note: nil)

    func write(to fields: inout some FieldSink) {
        fields.field("name", name)
        fields.field("note", note)
    }
}

private enum Trouble: Error { case unexpected }

@Suite("Routes")
struct RouteTests {
    private static let reader = UUID(high: 0x01a1_fc9e_84d8_7645, low: 0x8692_33a9_a14d_6967)
    private let key = "0123456789abcdef0123456789abcdef"

    private func responder() -> ServiceResponder {
        let operations = [
            Route(.post, "/things", id: "make", tag: "things", summary: "Makes a thing")
                .handle(Input.self, formats: [.json, .form], status: .created) { _, input in
                    Output(name: input.name, note: nil)
                },
            Route(.get, "/things/{id}", id: "read", tag: "things", summary: "Reads a thing", access: .bearer)
                .handle { call in Output(name: try call.id("id").uuidString, note: nil) },
            Route(.get, "/broken", id: "break", tag: "things", summary: "Breaks")
                .perform { _ in throw Trouble.unexpected },
            Route(.post, "/oauth", id: "oauth", tag: "things", summary: "Speaks OAuth").speakingOAuth()
                .perform { _ in throw OAuthError.invalidGrant },
            Route(.get, "/admin", id: "admin", tag: "things", summary: "For some", access: .role("ADMIN"))
                .perform { _ in },
            Route(.get, "/users", id: "users", tag: "things", summary: "For some", access: .permission(.usersRead))
                .perform { _ in },
            Route(.get, "/tenants", id: "tenants", tag: "things", summary: "For few", access: .superuser)
                .perform { _ in },
        ]
        let health = Health(service: "test", version: "1", environment: "test", checks: [])
        return ServiceResponder(
            endpoints: operations, ops: OpsEndpoints(health: health, metrics: PrometheusRegistry()),
            internalKey: InternalKey(key), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            lookUpRoles: { user, _ in
                HeldRoles(claims: user == Self.reader ? ["clerk", "#1", "users:read"] : ["clerk", "#1"])
            })
    }

    private func answer(
        _ method: String, _ path: String, body: String = "", type: String = "application/json", key: String? = nil,
        fields: [(String, String)] = []
    ) async throws -> (status: Int, body: String, headers: HTTPFields) {
        var head = HeaderBlockBuilder(method, path)
        head.add("x-gatehouse-key", key ?? self.key)
        if !body.isEmpty { head.add("content-type", type) }
        for (name, value) in fields { head.add(name, value) }
        let inbound = try #require(InboundRequest(head.block))
        let response = await responder().respond(to: inbound, body: ByteBuffer(string: body))
        let text = await ResponseCollector.collect(response.body).map { String(buffer: $0) } ?? ""
        return (response.status.code, text, response.headers)
    }

    @Test("a body is read, in each of its formats")
    func body() async throws {
        #expect(try await answer("POST", "/things", body: #"{"name":"ada"}"#).body == #"{"name":"ada","note":null}"#)
        let form = try await answer(
            "POST", "/things", body: "name=a%64a&flag=true", type: "application/x-www-form-urlencoded")
        #expect(form.status == 201)
        #expect(try await answer("POST", "/things", body: "<a/>", type: "text/xml").status == 415)
        #expect(try await answer("POST", "/things", body: "[1]").status == 400)
        #expect(try await answer("POST", "/things", body: "{").body.contains("malformed_request"))
        #expect(
            try await answer(
                "POST", "/things", body: "name=ada&name=eve", type: "application/x-www-form-urlencoded"
            ).status == 400)
    }

    @Test("every field at fault is named at once, without its value")
    func faults() async throws {
        let answer = try await answer("POST", "/things", body: #"{"name":"secretlong","flag":7}"#)
        #expect(answer.status == 422)
        #expect(answer.body.contains(#""pointer":"/name","code":"too_long""#))
        #expect(answer.body.contains(#""pointer":"/flag","code":"wrong_type""#))
        #expect(!answer.body.contains("secretlong"))
        #expect(answer.headers[.contentType] == "application/problem+json")
        #expect(try await self.answer("POST", "/things", body: "{}").body.contains(#""code":"required""#))
    }

    @Test("only another process is answered, except about health and metrics")
    func internalKey() async throws {
        for wrong in ["", "0123456789abcdef0123456789abcdeg", key + key, String(key.dropLast())] {
            #expect(try await answer("POST", "/things", body: "{}", key: wrong).status == 401)
        }
        #expect(try await answer("GET", "/metrics", key: "").body.contains("\ngatehouse_ready "))
        #expect(try await answer("GET", "/health/liveness", key: "").status == 200)
        #expect(try await answer("GET", "/health/readiness", key: "").status == 503, "still starting")
    }

    @Test("a principal is needed where the operation says so, with its role where it names one")
    func access() async throws {
        let path = "/things/01a1fc9e-84d8-7645-8692-33a9a14d6967"
        #expect(try await answer("GET", path).status == 401)
        let ada = [("x-gatehouse-subject", "01a1fc9e-84d8-7645-8692-33a9a14d6967"), ("x-gatehouse-client", "app")]
        #expect(try await answer("GET", path, fields: ada).status == 200)
        #expect(try await answer("GET", "/things/7", fields: ada).status == 404)
        #expect(try await answer("GET", "/admin", fields: ada).status == 403)
        #expect(try await answer("GET", "/admin", fields: ada + [("x-gatehouse-roles", "USER,ADMIN")]).status == 204)
    }

    @Test("a permission comes from a built-in role, from the token, or where it was left out from the database")
    func permissions() async throws {
        func status(_ path: String, _ fields: [(String, String)], user: UUID = Self.reader) async throws -> Int {
            let person = [
                ("x-gatehouse-subject", user.text), ("x-gatehouse-client", "app"),
                ("x-gatehouse-session", UUID.v7().text),
            ]
            return try await answer("GET", path, fields: person + fields).status
        }
        func roles(_ names: String, _ line: String? = nil) -> [(String, String)] {
            [("x-gatehouse-roles", names)] + (line.map { [("x-gatehouse-permissions", $0)] } ?? [])
        }
        #expect(try await answer("GET", "/users").status == 401)
        #expect(try await status("/users", []) == 403)
        for names in ["MODERATOR", "USER,ADMIN", "superuser"] {
            #expect(try await status("/users", roles(names)) == 204)
        }
        #expect(try await status("/users", roles("clerk", "1;users:read,a:b")) == 204)
        #expect(try await status("/users", roles("clerk", "1;users:write,a:b")) == 403)
        #expect(try await status("/users", roles("clerk", "1;?")) == 204)
        #expect(try await status("/users", roles("clerk", "1;?"), user: .v7()) == 403)
        #expect(try await status("/users", roles("clerk", "nonsense")) == 403)
        #expect(try await status("/tenants", roles("ADMIN")) == 403)
        #expect(try await status("/tenants", roles("clerk", "1;superuser:superuser")) == 403)
        #expect(try await status("/tenants", roles("superuser")) == 204)
        #expect(try await answer("GET", "/users", fields: roles("clerk", "1;users:read")).status == 401)
    }

    @Test("what is not there, not allowed, or broken has its own answer, and says nothing of the inside")
    func errors() async throws {
        #expect(try await answer("GET", "/nothing").status == 404)
        let wrong = try await answer("DELETE", "/things")
        #expect(wrong.status == 405)
        #expect(wrong.headers[.allow] == "POST")
        let broken = try await answer("GET", "/broken")
        #expect(broken.status == 500)
        #expect(!broken.body.contains("Trouble"))
        let oauth = try await answer("POST", "/oauth")
        #expect(oauth.body.hasPrefix(#"{"error":"invalid_grant""#))
        #expect(oauth.headers[.cacheControl] == "no-store")
    }

    @Test("OpenAPI says what the declarations say")
    func openAPI() {
        let route = Route(.post, "/things/{id}", id: "make", tag: "things", summary: "Makes", access: .bearer)
            .problem(.conflict, "taken").handle(Input.self, status: .created) { _, _ in Output.example }
        let hidden = Route(.get, "/internal", id: "x", tag: "x", summary: "x", access: .processes).perform { _ in }
        let document = OpenAPI.document([OpenAPI.fragment(of: [route, hidden])], server: "http://x", version: "1")
        #expect(document["paths"]?["/internal"] == nil)
        let operation = document["paths"]?["/things/{id}"]?["post"]
        #expect(operation?["operationId"]?.string == "make")
        #expect(operation?["responses"]?["201"] != nil)
        #expect(operation?["responses"]?["409"]?["description"]?.string == "taken")
        #expect(operation?["security"] != nil)
        let schemas = document["components"]?["schemas"]
        #expect(schemas?["Input"]?["required"] == .array([.string("name")]))
        #expect(schemas?["Input"]?["properties"]?["name"]?["maxLength"]?.integer == 5)
        #expect(schemas?["Output"]?["properties"]?["note"]?["type"] == .array([.string("string"), .string("null")]))
    }
}
