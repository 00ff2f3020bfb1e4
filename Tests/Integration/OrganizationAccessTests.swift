import GatehouseTesting
import Kit
import Testing

@Suite("Who may do what in an organization", .serialized, .timeLimit(.minutes(5)))
struct OrganizationAccessTests {
    private typealias Cast = OrganizationCast

    @Test("a stranger can't tell an organization from none, and a token of another tenant opens nothing")
    func hidden() async throws {
        let suite = try SharedSuite.get()
        let cast = try await Cast(suite)
        let organization = try cast.organization()
        for suffix in ["", "/members", "/invitations", "/roles"] {
            let access = try cast.session(.outsider).access
            let answers = try [organization.id, "0198c7a0-0000-7000-8000-000000000000"].map { id in
                try suite.send(
                    "GET", "/api/v1/organizations/\(id)\(suffix)", bearer: access, headers: ["X-Request-Id: same"])
            }
            #expect(answers.map(\.status) == [404, 404])
            #expect(answers[0].body == answers[1].body)
            #expect(answers[0].headers.map(\.name) == answers[1].headers.map(\.name))
        }
        let foreign = try cast.session(.foreigner).access
        #expect(try suite.send("GET", "/api/v1/organizations/\(organization.id)", bearer: foreign).status == 401)
        #expect(try suite.send("GET", "/api/v1/organizations/\(organization.id)").status == 401)
        let client = try Client(suite)
        let own = try JSONParser.parse(client.token("grant_type=client_credentials").body.utf8)
        let token = try #require(own["access_token"]?.string)
        #expect(try suite.send("GET", "/api/v1/organizations", bearer: token).status == 403)
    }

    @Test("a role that makes roles makes lesser ones, of what it holds")
    func shaping() async throws {
        let suite = try SharedSuite.get()
        let cast = try await Cast(suite)
        let organization = try cast.organization()
        try suite.sql(
            "update organization_roles set permissions = '{documents:read,roles:write}' where id = '\(organization.helper)'"
        )
        func send(_ method: String, _ path: String, _ permissions: String) throws -> Int {
            let name = method == "POST" ? #""name":"\#(uniqueName("r"))","# : ""
            return try cast.send(
                .helper, method, "/api/v1/organizations/\(organization.id)/roles\(path)",
                #"{\#(name)"permissions":[\#(permissions)]}"#
            ).status
        }
        #expect(try send("POST", "", #""documents:read""#) == 201)
        #expect(try send("POST", "", "") == 201)
        #expect(try send("POST", "", #""documents:write""#) == 403)
        #expect(try send("POST", "", #""documents:read","roles:write""#) == 403, "no peers")
        #expect(try send("PATCH", "/\(organization.spare)", #""roles:write""#) == 200)
        #expect(try send("PATCH", "/\(organization.spare)", #""documents:write""#) == 403)
        #expect(try send("PATCH", "/\(organization.lesser)", "") == 403, "it has what the caller has not")
        #expect(try send("PATCH", "/\(organization.helper)", "") == 403, "not even one's own")
        for bad in [#""documents""#, #""Documents:read""#, #""a:""#, #"":b""#, #""a b:c""#, #""a:b\u0000""#, "7"] {
            #expect(try send("POST", "", bad) == 422, "\(bad)")
        }
    }

    @Test("nothing but what is named can be set")
    func massAssignment() async throws {
        let suite = try SharedSuite.get()
        let cast = try await Cast(suite)
        let body =
            #"{"slug":"\#(uniqueName("o"))","name":"Mine","id":"x","tenant_id":"y","role":"admin","created_at":1}"#
        let made = try cast.send(.outsider, "POST", "/api/v1/organizations", body)
        #expect(made.status == 201)
        #expect(made.body.contains(#""role":"owner""#))
        let organization = try cast.organization()
        let path = "/api/v1/organizations/\(organization.id)"
        let before = try suite.sql("select tenant_id, id from organizations where id = '\(organization.id)'")
        let patched = try cast.send(.admin, "PATCH", path, #"{"name":"X","id":"\#(cast.id(.member))","role":"owner"}"#)
        #expect(patched.status == 200)
        #expect(patched.body.contains(#""role":"admin""#))
        #expect(try suite.sql("select tenant_id, id from organizations where id = '\(organization.id)'") == before)
    }
}
