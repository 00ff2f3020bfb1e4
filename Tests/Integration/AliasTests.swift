import GatehouseTesting
import Kit
import Testing

/// Requests as clients of older deployments send them, and what they may count on.
@Suite("Older deployments' requests", .serialized, .timeLimit(.minutes(3)))
struct AliasTests {
    /// Who sends a request.
    enum Caller: Sendable { case nobody, user, root }

    /// One documented request. `{name}`, `{id}`, `{refresh}` stand for those of a person who is new in each case.
    struct Case: Sendable, CustomTestStringConvertible {
        let method: String
        let path: String
        var caller = Caller.nobody
        var body: String?
        var type = "application/json"
        let status: Int
        var members: [String] = []

        var testDescription: String { "\(method) \(path)\(type == "application/json" ? "" : " (form)")" }
    }

    private static let form = "application/x-www-form-urlencoded"
    private static let tokens = ["access_token", "token_type", "expires_in", "refresh_token", "scope", "session_id"]
    private static let user = ["id", "email", "email_verified", "username", "display_name", "roles", "created_at"]
    private static let newcomer = #"{"email":"new-{name}@example.com","password":"correct horse 7 battery"}"#
    private static let login = #"{"username_or_email":"{name}","password":"{password}"}"#

    private static let cases: [Case] = [
        .init(method: "POST", path: "/auth/signup", body: newcomer, status: 201, members: user),
        .init(method: "POST", path: "/register", body: newcomer, status: 201, members: user),
        .init(method: "POST", path: "/api/v1/auth/register", body: newcomer, status: 201, members: user),
        .init(
            method: "POST", path: "/register", body: #"{"email":"{name}@example.com","password":"correct horse 7"}"#,
            status: 409, members: ["code"]),
        .init(method: "POST", path: "/register", body: #"{"email":"nonsense"}"#, status: 422, members: ["errors"]),
        .init(method: "POST", path: "/auth/login", body: login, status: 200, members: tokens),
        .init(method: "POST", path: "/login", body: login, status: 200, members: tokens),
        .init(
            method: "POST", path: "/login", body: #"{"email":"{name}@example.com","password":"{password}"}"#,
            status: 200, members: tokens),
        .init(
            method: "POST", path: "/login", body: #"{"username":"{name}","password":"{password}","device_name":"tv"}"#,
            status: 200, members: tokens),
        .init(
            method: "POST", path: "/login", body: "username={name}&password={password}", type: form, status: 200,
            members: tokens),
        .init(
            method: "POST", path: "/login", body: #"{"username":"{name}","password":"x"}"#, status: 401,
            members: ["code"]),
        .init(
            method: "POST", path: "/api/v1/auth/token", body: "username={name}&password={password}", type: form,
            status: 200, members: tokens),
        .init(
            method: "POST", path: "/auth/refresh", body: #"{"refresh_token":"{refresh}"}"#, status: 200,
            members: tokens),
        .init(method: "POST", path: "/refresh", body: #"{"refresh_token":"{refresh}"}"#, status: 200, members: tokens),
        .init(method: "POST", path: "/refresh", body: #"{"refresh_token":"x"}"#, status: 401, members: ["code"]),
        .init(method: "POST", path: "/api/v1/auth/revoke", body: #"{"refresh_token":"{refresh}"}"#, status: 204),
        .init(method: "GET", path: "/auth/me", caller: .user, status: 200, members: user),
        .init(method: "GET", path: "/api/v1/auth/me", caller: .user, status: 200, members: user),
        .init(method: "GET", path: "/auth/me", status: 401, members: ["code"]),
        .init(method: "POST", path: "/auth/logout", caller: .user, status: 204),
        .init(method: "DELETE", path: "/logout", caller: .user, status: 204),
        .init(method: "DELETE", path: "/logout-all", caller: .user, status: 200, members: ["revoked"]),
        .init(method: "DELETE", path: "/logout", status: 401, members: ["code"]),
        .init(method: "GET", path: "/", status: 200, members: ["name", "version", "docs"]),
        .init(method: "GET", path: "/auth/openapi.json", status: 200, members: ["openapi", "paths"]),
        .init(method: "GET", path: "/auth/docs", status: 200), .init(method: "GET", path: "/auth/redoc", status: 200),
        .init(method: "GET", path: "/admin/users", caller: .root, status: 200, members: ["users", "next_cursor"]),
        .init(method: "GET", path: "/admin/users", caller: .user, status: 403, members: ["code"]),
        .init(method: "GET", path: "/admin/users", status: 401, members: ["code"]),
        .init(
            method: "GET", path: "/admin/users/{id}", caller: .root, status: 200,
            members: ["id", "email", "username", "state", "roles", "locked", "created_at"]),
        .init(
            method: "GET", path: "/admin/users/019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6071", caller: .root, status: 404,
            members: ["code"]),
        .init(
            method: "PATCH", path: "/admin/users/{id}", caller: .root, body: #"{"state":"disabled"}"#, status: 200,
            members: ["id", "state"]),
        .init(
            method: "PUT", path: "/admin/users/{id}/roles", caller: .root, body: #"{"roles":["MODERATOR"]}"#,
            status: 200, members: ["id", "roles"]),
        .init(method: "POST", path: "/admin/users/{id}/lock", caller: .root, body: "{}", status: 204),
        .init(method: "POST", path: "/admin/users/{id}/unlock", caller: .root, body: "{}", status: 204),
        .init(method: "GET", path: "/admin/users/{id}/sessions", caller: .root, status: 200, members: ["sessions"]),
        .init(
            method: "DELETE", path: "/admin/users/{id}/logout-all", caller: .root, status: 200,
            members: ["revoked"]),
        .init(method: "DELETE", path: "/admin/users/{id}", caller: .root, status: 204),
    ]

    @Test("are answered as they were", arguments: cases)
    func replay(request: Case) throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let tokens = try person.login()
        func fill(_ text: String) -> String {
            [
                ("{name}", person.name), ("{id}", person.id), ("{password}", person.password),
                ("{refresh}", tokens.refresh),
            ].reduce(text) { $0.split(separator: $1.0, omittingEmptySubsequences: false).joined(separator: $1.1) }
        }
        let bearer: [String] =
            switch request.caller {
            case .nobody: []
            case .user: [tokens.bearer]
            case .root: ["Authorization: Bearer \(try suite.superuser())"]
            }
        let answer = try suite.gateway.send(
            request.method, fill(request.path), headers: bearer, body: request.body.map(fill), type: request.type)
        #expect(answer.status == request.status, "\(answer.body)")
        if !request.members.isEmpty {
            let json = try JSONParser.parse(answer.body.utf8)
            for member in request.members { #expect(json[member] != nil, "\(member) is missing in \(answer.body)") }
        }
    }

    @Test("every alias of the route table is among them")
    func complete() throws {
        let table = try ChildProcess.run(["cat", RunningSuite.root + "/deploy/routes.json"])
        guard case .array(let aliases)? = try JSONParser.parse(table.utf8)["aliases"] else { return }
        for alias in aliases {
            let (method, path) = (alias["method"]?.string, alias["path"]?.string)
            #expect(Self.cases.contains { $0.method == method && $0.path == path }, "\(method ?? "") \(path ?? "")")
        }
    }
}
