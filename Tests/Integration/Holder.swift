import GatehouseTesting
import Kit
import Testing

/// A person of the default tenant with certain roles, who never had a password.
struct Holder {
    let suite: RunningSuite
    let id: String
    let name: String

    /// Makes somebody new who has roles of the tenant, or the mark of a superuser.
    init(_ suite: RunningSuite, _ roles: [String], isSuperuser: Bool = false) throws {
        self.suite = suite
        let name = uniqueName("h")
        let names = roles.map { "'\($0)'" }.joined(separator: ",")
        id = try suite.sql(
            """
            with made as (
                insert into users (tenant_id, id, username, is_superuser)
                values ('\(Self.tenant)', gen_random_uuid(), '\(name)', \(isSuperuser)) returning tenant_id, id
            ), granted as (
                insert into user_roles (tenant_id, user_id, role_id)
                select made.tenant_id, made.id, roles.id from made
                join roles on roles.tenant_id = made.tenant_id and roles.name = any (array[\(names)]::text[])
            )
            select id from made
            """)
        self.name = name
    }

    static let tenant = "00000000-0000-7000-8000-000000000001"

    /// Opens a session as identity would.
    func open() throws -> Tokens {
        let answer = try PlainHTTP(port: suite.ports["PORT_TOKEN"] ?? 0).send(
            "POST", "/internal/sessions", headers: ["X-Gatehouse-Key: \(try suite.secret("internal_key"))"],
            body: #"{"user":"\#(id)","client":"gatehouse","amr":["pwd"]}"#)
        return try Tokens(answer.body)
    }
}

extension RunningSuite {
    /// Makes a custom role; returns its name and id.
    func role(_ permissions: [String], by bearer: String? = nil) throws -> (name: String, id: String) {
        let name = uniqueName("r")
        let list = permissions.map { "\"\($0)\"" }.joined(separator: ",")
        let answer = try post(
            "/api/v1/admin/roles", #"{"name":"\#(name)","permissions":[\#(list)]}"#, bearer: bearer ?? superuser())
        guard answer.status == 201 else { throw ChildProcess.Failure("role: \(answer.status) \(answer.body)") }
        return (name, try #require(JSONParser.parse(answer.body.utf8)["id"]?.string))
    }
}
