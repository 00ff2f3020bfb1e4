import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

/// A change of what a profile shows: whose, who makes it, and what the profile says then.
struct ProfileChangeCase {
    let what: String
    let user: String
    var organization: String?
    /// Whether the instance that is asked first makes the change itself.
    let isOwn: Bool
    let shows: (PlainHTTP.Answer) -> Bool
    let make: () async throws -> Int

    private init(
        _ what: String, of user: String, in organization: String? = nil, isOwn: Bool, shows text: String,
        _ make: @escaping () async throws -> Int
    ) {
        self.what = what
        self.user = user
        self.organization = organization
        self.isOwn = isOwn
        shows = { $0.status == 200 && $0.body.contains(text) }
        self.make = make
    }

    /// An account that is no more.
    private init(_ what: String, endOf user: String, isOwn: Bool, _ make: @escaping () async throws -> Int) {
        self.what = what
        self.user = user
        self.isOwn = isOwn
        shows = { $0.status == 401 }
        self.make = make
    }

    /// What people change of themselves.
    static func own(_ person: Person, _ identity: IdentityInstance) -> [ProfileChangeCase] {
        let (suite, user) = (person.suite, person.id)
        func patch(_ body: String) throws -> Int {
            try identity.send("PATCH", "/api/v1/users/me", body, of: user).status
        }
        let (name, address) = (uniqueName(), "\(uniqueName())@example.com")
        return [
            .init("a name", of: user, isOwn: true, shows: #""display_name":"Ada""#) {
                try patch(#"{"display_name":"Ada"}"#)
            },
            .init("a username", of: user, isOwn: true, shows: name) { try patch(#"{"username":"\#(name)"}"#) },
            .init("a proven address", of: user, isOwn: true, shows: #""email_verified":true"#) {
                let token = try await suite.mailedToken(to: person.email, about: "confirm your")
                return try identity.http.send(
                    "POST", "/api/v1/auth/verify-email", headers: internalHeaders(suite),
                    body: #"{"token":"\#(token)"}"#
                ).status
            },
            .init("an address", of: user, isOwn: true, shows: address) {
                try patch(#"{"email":"\#(address)","current_password":"\#(person.password)"}"#)
            },
            .init("an address proven by a new password", of: user, isOwn: true, shows: #""email_verified":true"#) {
                _ = try suite.post("/api/v1/auth/forgot-password", #"{"email":"\#(address)"}"#)
                let token = try await suite.mailedToken(to: address, about: "choose a new")
                return try identity.http.send(
                    "POST", "/api/v1/auth/reset-password", headers: internalHeaders(suite),
                    body: #"{"token":"\#(token)","new_password":"another 8 horses stapled"}"#
                ).status
            },
        ]
    }

    /// What administrators change of somebody, and of roles.
    static func administrators(_ person: Person, _ suite: RunningSuite) throws -> [ProfileChangeCase] {
        let (user, root) = (person.id, try suite.superuser())
        let role = try suite.role(["users:read"], by: root)
        let renamed = uniqueName("r")
        func send(_ method: String, _ path: String, _ body: String? = nil) throws -> Int {
            try suite.send(method, "/api/v1/admin/" + path, body, bearer: root).status
        }
        return [
            .init("a role", of: user, isOwn: false, shows: role.name) {
                try send("PUT", "users/\(user)/roles", #"{"roles":["USER","\#(role.name)"],"revoke_tokens":false}"#)
            },
            .init("a role's name", of: user, isOwn: false, shows: renamed) {
                try send("PATCH", "roles/\(role.id)", #"{"name":"\#(renamed)"}"#)
            },
            .init("a role's end", of: user, isOwn: false, shows: #""roles":["USER"]"#) {
                try send("DELETE", "roles/\(role.id)")
            },
            .init("a name given by others", of: user, isOwn: false, shows: "Countess") {
                try send("PATCH", "users/\(user)", #"{"display_name":"Countess"}"#)
            },
            .init("an import", of: user, isOwn: false, shows: "Imported") {
                return try suite.send(
                    "POST", "/api/v1/admin/users/import?on_conflict=update",
                    #"{"id":"\#(user)","display_name":"Imported"}"# + "\n", type: "application/x-ndjson", bearer: root
                ).status
            },
            .init("an account disabled", endOf: user, isOwn: false) {
                try send("PATCH", "users/\(user)", #"{"state":"disabled"}"#)
            },
        ]
    }

    /// What happens to members of organizations.
    static func organizations(_ suite: RunningSuite, _ identity: IdentityInstance) async throws -> [ProfileChangeCase] {
        let cast = try await OrganizationCast(suite)
        let it = try cast.organization()
        let (owner, helper, member) = (cast.id(.owner), cast.id(.helper), cast.id(.member))
        let path = "/api/v1/organizations/\(it.id)"
        func send(_ method: String, _ suffix: String, _ body: String? = nil) throws -> Int {
            try identity.send(method, path + suffix, body, of: owner).status
        }
        return [
            .init("a member's role", of: member, in: it.id, isOwn: true, shows: #""organization_role":"admin""#) {
                try send("PATCH", "/members/\(member)", #"{"role":"admin"}"#)
            },
            .init("a custom role's name", of: helper, in: it.id, isOwn: true, shows: "guide") {
                try send("PATCH", "/roles/\(it.helper)", #"{"name":"guide"}"#)
            },
            .init("a member removed", of: helper, in: it.id, isOwn: true, shows: #""organization_role":null"#) {
                try send("DELETE", "/members/\(helper)")
            },
            .init("an organization's end", of: member, in: it.id, isOwn: true, shows: #""organization_role":null"#) {
                try send("DELETE", "")
            },
        ]
    }

    private static func internalHeaders(_ suite: RunningSuite) throws -> [String] {
        ["X-Gatehouse-Key: \(try suite.secret("internal_key"))", "X-Gatehouse-Tenant: \(RunningSuite.tenant)"]
    }
}
