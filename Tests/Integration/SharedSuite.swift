import FoundationEssentials
import GatehouseTesting
import Kit
import Synchronization
import Testing

/// The suite that tests share which leave all its processes alone.
enum SharedSuite {
    private static let started = Result { try RunningSuite() }

    static func get() throws -> RunningSuite { try started.get() }
}

/// A person with an account, through the gateway.
struct Person {
    let suite: RunningSuite
    let name: String
    let password = "correct horse 7 battery"

    /// Registers somebody new.
    init(_ suite: RunningSuite) throws {
        self.suite = suite
        name = "p\(UUID().uuidString.lowercased().prefix(13))"
        let answer = try suite.gateway.send(
            "POST", "/api/v1/auth/register",
            body: #"{"email":"\#(name)@example.com","username":"\#(name)","password":"\#(password)"}"#)
        guard answer.status == 201 else { throw ChildProcess.Failure("register: \(answer.status) \(answer.body)") }
    }

    func login() throws -> Tokens {
        let answer = try suite.gateway.send(
            "POST", "/api/v1/auth/login", body: #"{"username_or_email":"\#(name)","password":"\#(password)"}"#)
        guard answer.status == 200 else { throw ChildProcess.Failure("login: \(answer.status) \(answer.body)") }
        return try Tokens(answer.body)
    }
}

/// What a login or refresh gave.
struct Tokens {
    let access: String
    let refresh: String
    let session: String

    init(_ body: String) throws {
        let json = try JSONParser.parse(body.utf8)
        access = try #require(json["access_token"]?.string)
        refresh = try #require(json["refresh_token"]?.string)
        session = try #require(json["session_id"]?.string)
    }
}

extension RunningSuite {
    func me(_ access: String) throws -> PlainHTTP.Answer {
        try gateway.send("GET", "/api/v1/auth/me", headers: ["Authorization: Bearer \(access)"])
    }

    func refresh(_ token: String) throws -> PlainHTTP.Answer {
        try gateway.send("POST", "/api/v1/auth/refresh", body: #"{"refresh_token":"\#(token)"}"#)
    }

    func logout(_ access: String) throws -> PlainHTTP.Answer {
        try gateway.send("POST", "/api/v1/auth/logout", headers: ["Authorization: Bearer \(access)"])
    }
}

/// Comes back when the condition holds; the test's own time limit is the bound.
func eventually(_ condition: () throws -> Bool) async throws {
    while try !condition() { try await Task.sleep(for: .milliseconds(20)) }
}

/// Something that happened, for tasks that wait for it.
final class Flag: Sendable {
    private let raised = Mutex(false)

    var isRaised: Bool { raised.withLock { $0 } }

    func raise() { raised.withLock { $0 = true } }
}
