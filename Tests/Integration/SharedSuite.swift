import FoundationEssentials
import GatehouseTesting
import Kit
import Synchronization
import Testing

/// The suite that tests share which leave all its processes alone.
enum SharedSuite {
    private static let started = Result { try RunningSuite(tokens: 2) }

    static func get() throws -> RunningSuite { try started.get() }
}

/// A name that no other test has.
func uniqueName(_ prefix: String = "p") -> String { "\(prefix)\(UUID().uuidString.lowercased().prefix(13))" }

/// A person with an account, through the gateway.
struct Person {
    let suite: RunningSuite
    let name: String
    let tenant: String?
    let password: String
    let id: String

    var email: String { "\(name)@example.com" }

    /// Registers somebody new.
    init(_ suite: RunningSuite, tenant: String? = nil, password: String = "correct horse 7 battery") throws {
        self.suite = suite
        self.tenant = tenant
        self.password = password
        name = uniqueName()
        let answer = try suite.post(
            "/api/v1/auth/register",
            #"{"email":"\#(name)@example.com","username":"\#(name)","password":"\#(password)"}"#, tenant: tenant)
        guard answer.status == 201 else { throw ChildProcess.Failure("register: \(answer.status) \(answer.body)") }
        id = try #require(JSONParser.parse(answer.body.utf8)["id"]?.string)
    }

    /// Tries to log in.
    func attempt(_ password: String? = nil, device: String? = nil, headers: [String] = []) throws -> PlainHTTP.Answer {
        let mark = device.map { #","device_token":"\#($0)""# } ?? ""
        return try suite.post(
            "/api/v1/auth/login",
            #"{"username_or_email":"\#(name)","password":"\#(password ?? self.password)"\#(mark)}"#, tenant: tenant,
            headers: headers)
    }

    func login(_ password: String? = nil, headers: [String] = []) throws -> Tokens {
        let answer = try attempt(password, headers: headers)
        guard answer.status == 200 else { throw ChildProcess.Failure("login: \(answer.status) \(answer.body)") }
        return try Tokens(answer.body)
    }
}

/// What a login or refresh gave.
struct Tokens {
    let access: String
    let refresh: String
    let session: String
    let device: String?

    init(_ body: String) throws {
        let json = try JSONParser.parse(body.utf8)
        access = try #require(json["access_token"]?.string)
        refresh = try #require(json["refresh_token"]?.string)
        session = try #require(json["session_id"]?.string)
        device = json["device_token"]?.string
    }

    var bearer: String { "Authorization: Bearer \(access)" }
}

extension RunningSuite {
    func post(
        _ path: String, _ body: String, tenant: String? = nil, bearer: String? = nil, headers: [String] = []
    ) throws -> PlainHTTP.Answer {
        try send("POST", path, body, tenant: tenant, bearer: bearer, headers: headers)
    }

    func send(
        _ method: String, _ path: String, _ body: String? = nil, type: String = "application/json",
        tenant: String? = nil, bearer: String? = nil, headers: [String] = []
    ) throws -> PlainHTTP.Answer {
        let authorization = bearer.map { ["Authorization: Bearer \($0)"] } ?? []
        let prefix = tenant.map { "/t/\($0)" } ?? ""
        return try gateway.send(method, prefix + path, headers: authorization + headers, body: body, type: type)
    }

    func form(_ path: String, _ body: String, tenant: String? = nil, headers: [String] = []) throws -> PlainHTTP.Answer
    {
        try gateway.send(
            "POST", (tenant.map { "/t/\($0)" } ?? "") + path, headers: headers, body: body,
            type: "application/x-www-form-urlencoded")
    }

    func me(_ access: String, tenant: String? = nil) throws -> PlainHTTP.Answer {
        try send("GET", "/api/v1/auth/me", tenant: tenant, bearer: access)
    }

    func refresh(_ token: String, tenant: String? = nil) throws -> PlainHTTP.Answer {
        try post("/api/v1/auth/refresh", #"{"refresh_token":"\#(token)"}"#, tenant: tenant)
    }

    func logout(_ access: String) throws -> PlainHTTP.Answer { try post("/api/v1/auth/logout", "{}", bearer: access) }

    /// The first superuser's access token.
    func superuser() throws -> String {
        let login = try form(
            "/login", "username=root%40example.com&password=\(secret("first_superuser_password"))")
        return try Tokens(login.body).access
    }

    /// Makes a tenant with settings of its own; returns its slug and id once every process knows it.
    func tenant(_ settings: String = "{}") async throws -> (slug: String, id: String) {
        let slug = uniqueName("t")
        let answer = try post(
            "/api/v1/admin/tenants", #"{"slug":"\#(slug)","name":"Tenant \#(slug)","settings":\#(settings)}"#,
            bearer: superuser())
        guard answer.status == 201 else { throw ChildProcess.Failure("tenant: \(answer.status) \(answer.body)") }
        try await eventually {
            try form("/oauth2/token", "grant_type=x&client_id=gatehouse", tenant: slug).status == 400
        }
        try await eventually { try send("GET", "/api/v1/auth/verify-email", tenant: slug).status == 200 }
        // Far enough to ask for the tenant, and no further.
        let body = #"{"username":"somebody","password":"x"}"#
        try await eventually { try post("/api/v1/auth/register", body, tenant: slug).status != 404 }
        return (slug, try #require(JSONParser.parse(answer.body.utf8)["id"]?.string))
    }

    /// The token in the latest mail to an address whose subject has these words, once it has come.
    func mailedToken(to address: String, about words: String, after count: Int = 0) async throws -> String {
        var token: String?
        try await eventually {
            let mails = try self.mails(to: address).filter { $0.contains(words) }
            guard mails.count > count, let mail = mails.last else { return false }
            let text = mail.split(separator: "=\n").joined().split(separator: "=3D").joined(separator: "=")
            token = text.split(separator: "token=").last.map { String($0.prefix { !$0.isWhitespace }) }
            return token != nil
        }
        return try #require(token)
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
