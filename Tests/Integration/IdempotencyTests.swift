import GatehouseTesting
import Kit
import Testing

@Suite("Creations that are asked for twice", .timeLimit(.minutes(5)))
struct IdempotencyTests {
    private func make(
        _ suite: RunningSuite, _ path: String, _ body: String, _ key: String, _ bearer: String
    ) -> PlainHTTP.Request {
        suite.gateway.request(
            "POST", "/api/v1/admin/\(path)",
            headers: ["Authorization: Bearer \(bearer)", "Idempotency-Key: \(key)"], body: body)
    }

    @Test("many at once with one key make one user, and all get the same answer")
    func race() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        for _ in 0..<200 {
            let (key, name) = (uniqueName("k"), uniqueName("i"))
            let request = make(suite, "users", #"{"username":"\#(name)"}"#, key, root)
            let answers = try suite.gateway.burst(Array(repeating: request, count: 6))
            #expect(answers.map(\.status) == Array(repeating: 201, count: 6))
            #expect(Set(answers.map(\.body)).count == 1)
            #expect(answers.filter { $0.header("idempotency-replayed") == nil }.count == 1)
            #expect(try suite.gateway.burst([request])[0].body == answers[0].body, "and later, too")
        }
        #expect(try suite.sql("select count(*) from users where username like 'i%' and length(username) = 14") == "200")
    }

    @Test("a key is one request's and one caller's")
    func reuse() throws {
        let suite = try SharedSuite.get()
        let (root, admin) = (try suite.superuser(), try Holder(suite, ["ADMIN"]).open().access)
        let (key, name) = (uniqueName("k"), uniqueName("n"))
        func answer(_ path: String, _ name: String, _ key: String, _ bearer: String) throws -> PlainHTTP.Answer {
            let body = path == "users" ? #"{"username":"\#(name)"}"# : #"{"name":"\#(name)","permissions":[]}"#
            return try suite.gateway.burst([make(suite, path, body, key, bearer)])[0]
        }
        #expect(try answer("users", name, key, root).status == 201)
        let other = try answer("users", name + "x", key, root)
        #expect(other.status == 422)
        #expect(other.body.contains("idempotency_key_reused"))
        #expect(try answer("roles", name, key, root).status == 422)
        #expect(try answer("users", name, "\"\(key)\"", root).status == 201, "with quotes it is the same key")
        #expect(try answer("users", name + "y", key, admin).status == 201, "another caller's key is another")
        for bad in ["a b", String(repeating: "k", count: 256), "\"\"", "ä"] {
            #expect(try answer("users", uniqueName(), bad, root).status == 400, "\(bad)")
        }
        // What was refused has not used the key up.
        let (late, fresh) = (uniqueName("k"), uniqueName("n"))
        #expect(try answer("users", name, late, root).status == 409)
        #expect(try answer("users", fresh, late, root).status == 201)
        try suite.sql("update idempotency_keys set created_at = now() - interval '25 hours'")
        #expect(try answer("users", fresh + "z", late, root).status == 201, "a day later it is a new key")
    }

    @Test("a client's secret comes again, and lies in the database for nobody to read")
    func secret() throws {
        let suite = try SharedSuite.get()
        let (root, key) = (try suite.superuser(), uniqueName("k"))
        let request = make(suite, "clients", #"{"name":"Twice"}"#, key, root)
        let answers = try suite.gateway.burst([request, request])
        #expect(answers.map(\.status) == [201, 201])
        #expect(answers[0].body == answers[1].body)
        let secret = try #require(JSONParser.parse(answers[0].body.utf8)["client_secret"]?.string)
        let dump = try suite.sql("select encode(sealed_answer, 'escape'), sealed_answer from idempotency_keys")
        #expect(!dump.contains(secret))
        #expect(!dump.contains(key))
        let hexadecimal = secret.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(!dump.contains(hexadecimal))
    }

    @Test("tenants, roles and permissions are made once, too")
    func others() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let name = uniqueName("o")
        for (path, body) in [
            ("tenants", #"{"slug":"\#(name)","name":"\#(name)"}"#), ("roles", #"{"name":"\#(name)","permissions":[]}"#),
            ("permissions", #"{"name":"\#(name):read"}"#),
        ] {
            let request = make(suite, path, body, "\(name)-\(path)", root)
            let answers = try suite.gateway.burst([request, request, request])
            #expect(answers.map(\.status) == [201, 201, 201], "\(path)")
            #expect(Set(answers.map(\.body)).count == 1)
        }
    }
}
