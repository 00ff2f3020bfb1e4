import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

@testable import Events

@Suite("An ended session is told by the message itself", .serialized, .timeLimit(.minutes(4)))
struct EndedSessionTests {
    private static let started = Result { try RunningSuite(gateways: 2) }

    /// How sessions end one at a time.
    enum End: String, CaseIterable {
        case replay, logout, own, revocation, ownRevocation

        func end(_ tokens: Tokens, of suite: RunningSuite) throws {
            switch self {
            case .replay:
                #expect(try suite.refresh(tokens.refresh).status == 200)
                #expect(try suite.refresh(tokens.refresh).status == 401)
            case .logout:
                #expect(try suite.logout(tokens.access).status == 204)
            case .own:
                let path = "/api/v1/users/me/sessions/\(tokens.session)"
                #expect(try suite.send("DELETE", path, bearer: tokens.access).status == 204)
            case .revocation:
                let body = "token=\(tokens.refresh)&client_id=gatehouse"
                #expect(try suite.form("/oauth2/revoke", body).status == 200)
            case .ownRevocation:
                let body = #"{"refresh_token":"\#(tokens.refresh)"}"#
                #expect(try suite.post("/api/v1/auth/revoke", body).status == 204)
            }
        }
    }

    /// What each process has counted, by its port.
    private func counts(_ series: String, _ suite: RunningSuite) throws -> [Int: Double] {
        let names = ["PORT_OPS", "PORT_IDENTITY", "PORT_TOKEN", "PORT_ADMIN"]
        let ports = names.compactMap { suite.ports[$0] }
        return try Dictionary(
            uniqueKeysWithValues: ([(ports[0] + 10)] + ports).map { port in
                let metrics = Exposition(try PlainHTTP(port: port).send("GET", "/metrics").body)
                return (port, try #require(metrics[series], "\(series) at \(port)"))
            })
    }

    private func told(_ outcome: String, _ suite: RunningSuite) throws -> [Int: Double] {
        try counts(#"gatehouse_events_told_total{outcome="\#(outcome)"}"#, suite)
    }

    private func isKnown(_ tokens: Tokens, at gateway: PlainHTTP) throws -> Bool {
        switch try gateway.send("GET", "/api/v1/auth/me", headers: [tokens.bearer]).status {
        case 200: true
        case 401: false
        case let status: throw ChildProcess.Failure("me: \(status)")
        }
    }

    @Test("every process knows it although none can read events", arguments: End.allCases)
    func withoutReading(_ end: End) async throws {
        let suite = try Self.started.get()
        let tokens = try Person(suite).login()
        for gateway in suite.gateways { #expect(try isKnown(tokens, at: gateway)) }
        let before = try told("applied", suite)
        #expect(before.count == 5)
        let readers = "gatehouse_service, gatehouse_admin"
        try suite.sql("revoke select on all_events from \(readers)")
        defer { _ = try? suite.sql("grant select on all_events to \(readers)") }
        // A reading that was under way is over once two have failed.
        let failures = try counts("gatehouse_events_read_failures_total", suite)
        try await eventually {
            try counts("gatehouse_events_read_failures_total", suite).allSatisfy { $1 >= (failures[$0] ?? 0) + 2 }
        }

        try end.end(tokens, of: suite)
        for gateway in suite.gateways { try await eventually { try !isKnown(tokens, at: gateway) } }
        try await eventually { try told("applied", suite).allSatisfy { $1 == (before[$0] ?? 0) + 1 } }
    }

    @Test("one who has Redis and not the key ends nothing")
    func forged() async throws {
        let suite = try Self.started.get()
        let tokens = try Person(suite).login()
        let session = try #require(UUID(uuidString: tokens.session))
        let last = try #require(Int64(suite.sql("select max(id) from events")))
        /// Publishes the session's end, of which no row tells, under a key that comes of a secret.
        func publish(_ secret: String) throws {
            let codec = EndedSessionCodec(key: InternalKey(secret).derive(EndedSessionCodec.purpose))
            let message = EventHint.telling(session, of: UUID(), event: last + 1_000_000, codec)
            let heard = try ChildProcess.run([
                "env", "REDISCLI_AUTH=\(suite.secret("redis_password"))", "redis-cli", "-p",
                "\(suite.ports["PORT_REDIS"] ?? 0)", "publish", EventFeed.channel,
                String(decoding: message, as: UTF8.self),
            ])
            #expect(heard.contains("5"), "all five processes listen")
        }
        let (applied, refused) = (try told("applied", suite), try told("refused", suite))
        try publish(String(repeating: "k", count: 43))
        try await eventually { try told("refused", suite).allSatisfy { $1 == (refused[$0] ?? 0) + 1 } }
        #expect(try told("applied", suite) == applied)
        for gateway in suite.gateways { #expect(try isKnown(tokens, at: gateway)) }

        // With the key it would have been believed.
        try publish(suite.secret("internal_key"))
        for gateway in suite.gateways { try await eventually { try !isKnown(tokens, at: gateway) } }
    }
}
