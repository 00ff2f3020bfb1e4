import FoundationEssentials
import Synchronization
import Testing

@testable import CommandLineTool

@Suite("Whose name a command speaks in", .timeLimit(.minutes(5)))
struct CredentialTests {
    private let folder: TemporaryFolder
    private let store: LoginStore
    private let site: Site

    init() throws {
        folder = try TemporaryFolder()
        store = LoginStore(folder: folder.path)
        site = try Site.example()
    }

    /// A server that takes each refresh token once, and ends the session where one comes back.
    private final class Session: Sendable {
        private let state = Mutex((generation: 0, isAlive: true, refreshes: 0))

        var refreshes: Int { state.withLock { $0.refreshes } }
        var isAlive: Bool { state.withLock { $0.isAlive } }

        func answer(_ request: APIRequest) -> APIAnswer {
            state.withLock { state in
                guard request.path == "/api/v1/auth/refresh" else {
                    let isGood = request.field("Authorization") == "Bearer a\(state.generation)" && state.isAlive
                    return isGood ? APIAnswer(200, "{}") : APIAnswer(401, #"{"title":"No"}"#)
                }
                guard request.text == #"{"refresh_token":"r\#(state.generation)"}"#, state.isAlive else {
                    state.isAlive = false
                    return APIAnswer(401, #"{"code":"invalid_grant"}"#)
                }
                state.generation += 1
                state.refreshes += 1
                let number = state.generation
                return APIAnswer(
                    200, #"{"access_token":"a\#(number)","refresh_token":"r\#(number)","expires_in":60}"#)
            }
        }
    }

    private func begin(accessEnds: Int = 0) throws {
        try store.write(
            StoredLogin(
                user: "ada", device: "d", tokens: .init(access: "a0", refresh: "r0", accessEnds: accessEnds)),
            of: site)
    }

    private func credentials(_ transport: FakeTransport, now: Int = 1000) -> SessionCredentials {
        SessionCredentials(site: site, store: store, transport: transport, now: { now })
    }

    @Test("a token that is not over is used as it is")
    func fresh() throws {
        try begin(accessEnds: 1000 + SessionCredentials.margin + 1)
        let transport = FakeTransport { _ in APIAnswer(500) }
        #expect(try credentials(transport).token() == "a0")
        #expect(transport.requests.isEmpty)
    }

    @Test(
        "a token that is over is renewed, and its successor written down",
        arguments: [0, 1000, 1000 + SessionCredentials.margin])
    func over(ends: Int) throws {
        try begin(accessEnds: ends)
        let session = Session()
        #expect(try credentials(FakeTransport(session.answer)).token() == "a1")
        let login = try store.login(of: site)
        #expect(login?.tokens == .init(access: "a1", refresh: "r1", accessEnds: 1060))
        #expect(login?.device == "d")
    }

    @Test("a session that is over at the server is forgotten, the device is not")
    func ended() throws {
        try begin()
        let transport = FakeTransport { _ in APIAnswer(401, #"{"code":"invalid_grant"}"#) }
        let failure = #expect(throws: Failure.self) { try credentials(transport).token() }
        #expect(failure?.exitCode == 3)
        #expect(try store.login(of: site) == StoredLogin(user: "ada", device: "d"))
    }

    @Test("a refresh that was not judged leaves the login alone", arguments: [429, 500, 503])
    func unjudged(status: Int) throws {
        try begin()
        #expect(throws: Failure.self) { try credentials(FakeTransport { _ in APIAnswer(status) }).token() }
        #expect(throws: Failure.self) {
            try credentials(FakeTransport { _ throws(Failure) in throw .unreachable("away") }).token()
        }
        #expect(try store.login(of: site)?.tokens?.refresh == "r0")
    }

    @Test("a token that is refused before its end is renewed once, and the request sent again")
    func refused() throws {
        try begin(accessEnds: 5000)
        let session = Session()
        // The roles have changed: the server knows the token no more.
        let transport = FakeTransport { request in
            request.field("Authorization") == "Bearer a0" ? APIAnswer(401) : session.answer(request)
        }
        let client = APIClient(site: site, transport: transport, credentials: credentials(transport))
        #expect(try client.send(APIRequest("GET", "/x")).status == 200)
        #expect(transport.requests.map(\.path) == ["/x", "/api/v1/auth/refresh", "/x"])
    }

    @Test("a token that the environment gives is refused for good, and must be one")
    func given() throws {
        let transport = FakeTransport { _ in APIAnswer(401, #"{"title":"No"}"#) }
        let client = APIClient(site: site, transport: transport, credentials: GivenToken(text: "t"))
        let failure = #expect(throws: Failure.self) { try client.send(APIRequest("GET", "/x")) }
        #expect(failure?.exitCode == 3)
        #expect(transport.requests.count == 1)
        #expect(try SessionCredentials.given(["GATEHOUSE_TOKEN": ""]) == nil)
        for bad in ["a b", "a\r\nX-Tenant: b", "é"] {
            let failure = #expect(throws: Failure.self) { try SessionCredentials.given(["GATEHOUSE_TOKEN": bad]) }
            #expect(failure.map { "\($0)".contains(bad) } == false)
        }
    }

    @Test("of many at once one renews, and the session lives, three hundred times")
    func race() async throws {
        let session = Session()
        for _ in 0..<300 {
            let before = session.refreshes
            let login = try store.login(of: site)
            let tokens = login?.tokens ?? .init(access: "a0", refresh: "r0", accessEnds: 0)
            try store.write(
                StoredLogin(user: "ada", tokens: .init(access: tokens.access, refresh: tokens.refresh, accessEnds: 0)),
                of: site)
            let used = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 {
                    group.addTask { try credentials(FakeTransport(session.answer)).token() }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(used.count == 1)
            #expect(session.refreshes == before + 1)
        }
        #expect(session.isAlive)
    }
}
