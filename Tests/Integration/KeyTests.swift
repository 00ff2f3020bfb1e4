import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

@Suite("Signing keys", .serialized, .timeLimit(.minutes(5)))
struct KeyTests {
    private struct Key: Equatable {
        let kid: String
        let state: String
        let algorithm: String
    }

    private func keys(_ suite: RunningSuite, _ root: String) throws -> [Key] {
        let answer = try suite.send("GET", "/api/v1/admin/keys", bearer: root)
        guard case .array(let keys)? = try JSONParser.parse(answer.body.utf8)["keys"] else { return [] }
        return keys.map {
            Key(
                kid: $0["kid"]?.string ?? "", state: $0["state"]?.string ?? "", algorithm: $0["alg"]?.string ?? "")
        }
    }

    private func kid(of token: String) throws -> String {
        let part = String(token.prefix { $0 != "." })
        let plain = String(part.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        let padded = plain + String(repeating: "=", count: (4 - plain.count % 4) % 4)
        let header = try #require(Data(base64Encoded: padded))
        return try #require(JSONParser.parse(header)["kid"]?.string)
    }

    @Test("keys rotate on schedule and on demand, by two instances under load, without one refusal")
    func rotation() async throws {
        let suite = try RunningSuite(tokens: 2, settings: ["KEY_ROTATION=6s", "KEY_PUBLISH_AHEAD=2s"])
        let person = try Person(suite)
        let isOver = Flag()
        let statuses = try await withThrowingTaskGroup(of: (kids: Set<String>, refused: Int).self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var (kids, refused) = (Set<String>(), 0)
                    var tokens = try person.login()
                    while !isOver.isRaised {
                        let answer = try suite.refresh(tokens.refresh)
                        guard answer.status == 200 else {
                            refused += 1
                            tokens = try person.login()
                            continue
                        }
                        tokens = try Tokens(answer.body)
                        kids.insert(try kid(of: tokens.access))
                        if try suite.me(tokens.access).status != 200 { refused += 1 }
                        await Task.yield()
                    }
                    return (kids, refused)
                }
            }
            group.addTask {
                let root = try suite.superuser()
                // Each key was published before it was used.
                var published: Set<String> = []
                var active: [String] = []
                while active.count < 4 {
                    let present = try keys(suite, root)
                    let now = try #require(present.first { $0.state == "active" }).kid
                    if active.last != now {
                        #expect(active.isEmpty || published.contains(now))
                        active.append(now)
                    }
                    let set = try suite.gateway.send("GET", "/.well-known/jwks.json").body
                    for key in present where set.contains(key.kid) { published.insert(key.kid) }
                    if active.count == 2 {
                        _ = try suite.post("/api/v1/admin/keys/rotate", "{}", bearer: root)
                    }
                    try await Task.sleep(for: .milliseconds(100))
                }
                isOver.raise()
                return (Set(active), 0)
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.allSatisfy { $0.refused == 0 })
        #expect(statuses.allSatisfy { $0.kids.count >= 3 })
    }

    @Test("a key that may be known to others is out of use at once")
    func immediately() async throws {
        let suite = try RunningSuite(tokens: 2)
        let root = try suite.superuser()
        let before = try Person(suite).login()
        let old = try #require(try keys(suite, root).first { $0.state == "active" }).kid
        let answer = try suite.post("/api/v1/admin/keys/rotate", #"{"immediately":true}"#, bearer: root)
        #expect(answer.status == 200)
        #expect(answer.body.contains("active") && !answer.body.contains(old))
        // The other instance learns of it by event.
        for _ in 0..<10 {
            try await eventually {
                try !suite.gateway.send("GET", "/.well-known/jwks.json").body.contains(old)
            }
        }
        try await eventually { try suite.me(before.access).status == 401 }
        let renewed = try Tokens(suite.refresh(before.refresh).body)
        #expect(try suite.me(renewed.access).status == 200, "nobody has to log in again")
        let person = try Person(suite)
        for _ in 0..<20 { #expect(try suite.me(person.login().access).status == 200) }
        #expect(try kid(of: person.login().access) != old)
        let denied = try suite.post(
            "/api/v1/admin/keys/rotate", "{}", bearer: person.login().access)
        #expect(denied.status == 403)
    }

    @Test("the master key is changed in two rounds of restarts: nobody is logged out, and keys are sealed anew")
    func masterKey() async throws {
        let old = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"
        let new = "2.ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"
        let suite = try RunningSuite(tokens: 2, settings: ["MASTER_KEY=\(old)"])
        let person = try Person(suite)
        var tokens = try person.login()
        func version() throws -> String {
            try suite.sql("select distinct get_byte(sealed_private_key, 0) from signing_keys")
        }
        #expect(try version() == "1")
        for settings in [
            ["MASTER_KEY=\(old)", "MASTER_KEY_ACCEPTED=\(new)"], ["MASTER_KEY=\(new)", "MASTER_KEY_ACCEPTED=\(old)"],
        ] {
            try suite.deploy("down")
            try suite.up(settings: settings)
            #expect(try suite.me(tokens.access).status == 200)
            tokens = try Tokens(suite.refresh(tokens.refresh).body)
        }
        try await eventually { try version() == "2" }
        try suite.deploy("down")
        try suite.up(settings: ["MASTER_KEY=\(new)"])
        #expect(try suite.me(person.login().access).status == 200)
        #expect(try suite.refresh(tokens.refresh).status == 200)
        #expect(try !suite.logs().contains(String(new.dropFirst(2))))
    }
}
