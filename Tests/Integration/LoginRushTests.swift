import GatehouseTesting
import Testing

@Suite("More logins than can be hashed", .timeLimit(.minutes(3)))
struct LoginRushTests {
    @Test("are refused, most of them at the door; the others, and everything else, go on")
    func rush() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let tokens = try person.login()
        let login = LoggingIn(door: suite.gateway, name: person.name, password: person.password)
        let reading = Reading(
            door: suite.gateway, path: "/api/v1/users/me", headers: ["Authorization: Bearer \(tokens.access)"])
        let before = try refusals(suite)
        let identity = try suite.expositions()["identity"]
        let room = ["gatehouse_hash_workers", "gatehouse_hash_queue_capacity"].compactMap { identity?[$0] }
        let callers = 30 + Int(room.reduce(0, +))
        let tally = try await underLoad(Array(repeating: login, count: callers) + [reading]) { _ in
            try await eventually { try refusals(suite) > before + 200 }
        }
        #expect(tally.failures.isEmpty, "\(tally)")
        try await eventually { try person.attempt().status == 200 }
    }

    private func refusals(_ suite: RunningSuite) throws -> Double {
        try suite.expositions()["gateway"]?[#"gatehouse_upstream_refusals_total{upstream="identity"}"#] ?? 0
    }
}

/// Logs in again and again, and takes the refusal of too much work for an answer.
private struct LoggingIn: Errand {
    let door: PlainHTTP
    let name: String
    let password: String

    var isRepeatable: Bool { false }

    func request() -> PlainHTTP.Request {
        door.request(
            "POST", "/api/v1/auth/login", body: #"{"username_or_email":"\#(name)","password":"\#(password)"}"#,
            keepsAlive: true)
    }

    func took(_ answer: PlainHTTP.Answer) -> Bool {
        if answer.status == 200 { return (try? Tokens(answer.body)) != nil }
        return answer.status == 503 && answer.body.contains(#""code":"overloaded""#)
            && answer.header("retry-after") == "1" && answer.header("x-gatehouse-busy") == nil
    }
}
