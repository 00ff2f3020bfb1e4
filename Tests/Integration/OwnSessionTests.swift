import GatehouseTesting
import Kit
import Testing

@Suite("One's own sessions", .timeLimit(.minutes(3)))
struct OwnSessionTests {
    private func sessions(_ suite: RunningSuite, _ access: String) throws -> [JSONValue] {
        let answer = try suite.send("GET", "/api/v1/users/me/sessions", bearer: access)
        guard case .array(let sessions)? = try JSONParser.parse(answer.body.utf8)["sessions"] else { return [] }
        return sessions
    }

    @Test("they are listed with device, browser and address, the one that asks marked")
    func list() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let agent =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1"
        _ = try person.login(headers: ["User-Agent: \(agent)"])
        let here = try person.login(headers: ["User-Agent: curl/8.5.0"])
        let listed = try sessions(suite, here.access)
        #expect(listed.count == 2)
        let phone = try #require(listed.first { $0["browser"]?.string == "Safari" })
        #expect(phone["os"]?.string == "iOS")
        #expect(phone["ip"]?.string == "127.0.0.1")
        #expect(phone["current"] == .bool(false))
        let current = try #require(listed.first { $0["current"] == .bool(true) })
        #expect(current["id"]?.string == here.session)
        #expect(current["browser"]?.string == "curl")
    }

    @Test("one, the others or all can be ended, and nobody else's")
    func end() async throws {
        let suite = try SharedSuite.get()
        let (person, stranger) = (try Person(suite), try Person(suite))
        let logins = try (0..<4).map { _ in try person.login() }
        let foreign = try stranger.login()
        func delete(_ id: String, by access: String) throws -> PlainHTTP.Answer {
            try suite.send(
                "DELETE", "/api/v1/users/me/sessions/\(id)", bearer: access, headers: ["X-Request-Id: same"])
        }
        #expect(try delete(logins[1].session, by: logins[0].access).status == 204)
        #expect(try suite.me(logins[1].access).status == 401)
        let absent = try delete("019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6071", by: logins[0].access)
        let others = try delete(foreign.session, by: logins[0].access)
        #expect(absent.status == 404)
        #expect(absent.body == others.body)
        #expect(try suite.me(foreign.access).status == 200)
        let ended = try suite.send("DELETE", "/api/v1/users/me/sessions", bearer: logins[0].access)
        #expect(ended.body == #"{"revoked":2}"#)
        #expect(try sessions(suite, logins[0].access).count == 1)
        for login in logins[2...] { try await eventually { try suite.me(login.access).status == 401 } }
    }

    @Test("activity tells of logins and tries at one, page by page")
    func activity() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        for _ in 0..<3 { _ = try person.attempt("wrong") }
        let access = try person.login().access
        var reasons: [String] = []
        var cursor = ""
        repeat {
            let page = try suite.send("GET", "/api/v1/users/me/activity?limit=2\(cursor)", bearer: access)
            let json = try JSONParser.parse(page.body.utf8)
            guard case .array(let entries)? = json["activity"] else { break }
            #expect(entries.count <= 2)
            reasons += entries.map { $0["reason"]?.string ?? $0["outcome"]?.string ?? "" }
            cursor = json["next_cursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(reasons == ["success", "wrong_password", "wrong_password", "wrong_password"])
        for query in ["limit=0", "limit=x", "limit=1000", "cursor=x"] {
            #expect(try suite.send("GET", "/api/v1/users/me/activity?\(query)", bearer: access).status == 422)
        }
    }
}
