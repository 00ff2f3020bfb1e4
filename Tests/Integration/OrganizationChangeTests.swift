import GatehouseTesting
import Kit
import Testing

@Suite("Changes of organizations, bound to what is known and made once", .serialized, .timeLimit(.minutes(5)))
struct OrganizationChangeTests {
    private let suite: RunningSuite
    private let cast: OrganizationCast

    init() async throws {
        suite = try SharedSuite.get()
        cast = try await OrganizationCast(suite)
    }

    private func request(
        _ method: String, _ path: String, _ bearer: String, _ header: String?, _ body: String? = nil
    ) -> PlainHTTP.Request {
        suite.gateway.request(
            method, "/api/v1/organizations\(path)",
            headers: ["Authorization: Bearer \(bearer)"] + (header.map { [$0] } ?? []), body: body)
    }

    @Test("of many who know the same, one changes it", arguments: ["", "/roles/"])
    func matching(below: String) throws {
        let organization = try cast.organization()
        let path = "/\(organization.id)" + (below.isEmpty ? "" : below + organization.spare)
        let owner = try cast.session(.owner).access
        let field = below.isEmpty ? "name" : "description"
        for round in 0..<50 {
            let read = try suite.gateway.burst([request("GET", path, owner, nil)])[0]
            let tag = "If-Match: \(try #require(read.header("etag")))"
            let answers = try suite.gateway.burst(
                (0..<6).map { request("PATCH", path, owner, tag, #"{"\#(field)":"\#(round) \#($0)"}"#) })
            #expect(answers.filter { $0.status == 200 }.count == 1)
            #expect(answers.filter { $0.status == 412 && $0.body.contains("precondition_failed") }.count == 5)
            let after = try suite.gateway.burst([request("GET", path, owner, nil)])[0]
            #expect(after.header("etag") == answers.first { $0.status == 200 }?.header("etag"))
        }
        func status(_ method: String, _ header: String?, by role: OrganizationCast.Role = .owner) throws -> Int {
            try suite.gateway.burst(
                [
                    request(
                        method, path, cast.session(role).access, header,
                        method == "PATCH" ? #"{"\#(field)":"x"}"# : nil)
                ])[0].status
        }
        #expect(try status("DELETE", #"If-Match: "old""#) == 412)
        #expect(try status("PATCH", #"If-Match: "old""#, by: .member) == 403, "what one may not do comes first")
        #expect(try status("DELETE", #"If-Match: "old""#, by: .outsider) == 404)
        #expect(try status("PATCH", "If-Match: *") == 200)
        #expect(try status("PATCH", nil) == 200)
        #expect(try status("DELETE", "If-Match: *") == 204)
    }

    @Test(
        "many at once with one key make one organization, role or invitation", arguments: ["", "roles", "invitations"]
    )
    func once(what: String) throws {
        let organization = try cast.organization()
        let path = what.isEmpty ? "" : "/\(organization.id)/\(what)"
        let owner = try cast.session(.owner).access
        for _ in 0..<50 {
            let (key, name) = ("Idempotency-Key: \(uniqueName("k"))", uniqueName("n"))
            let body =
                switch what {
                case "roles": #"{"name":"\#(name)","permissions":[]}"#
                case "invitations": #"{"email":"\#(name)@example.com","role":"member"}"#
                default: #"{"slug":"\#(name)","name":"Some"}"#
                }
            let answers = try suite.gateway.burst((0..<6).map { _ in request("POST", path, owner, key, body) })
            #expect(answers.map(\.status) == Array(repeating: 201, count: 6))
            #expect(Set(answers.map(\.body)).count == 1)
            #expect(answers.filter { $0.header("idempotency-replayed") == nil }.count == 1)
        }
        let table =
            switch what {
            case "roles": "organization_roles where name like 'n%' and organization_id = '\(organization.id)'"
            case "invitations":
                "organization_invitations where email like 'n%' and organization_id = '\(organization.id)'"
            default:
                "organizations where slug like 'n%' and id in "
                    + "(select organization_id from organization_members where user_id = '\(cast.id(.owner))')"
            }
        #expect(try suite.sql("select count(*) from \(table)") == "50")
        if what == "invitations" {
            let mails = "select count(*) from mail_outbox m join organization_invitations i on i.id = m.subject_id "
            #expect(try suite.sql(mails + "where i.email like 'n%' and organization_id = '\(organization.id)'") == "50")
        }
    }

    @Test("a key is used up by no refusal, is another's with another body, and opens nothing to who has left")
    func keys() throws {
        let organization = try cast.organization()
        let path = "/\(organization.id)/roles"
        let key = "Idempotency-Key: \(uniqueName("k"))"
        func status(_ name: String, by role: OrganizationCast.Role = .admin) throws -> Int {
            let body = #"{"name":"\#(name)","permissions":[]}"#
            return try suite.gateway.burst([request("POST", path, cast.session(role).access, key, body)])[0].status
        }
        #expect(try status("spare") == 409)
        #expect(try status("fresh") == 201)
        #expect(try status("fresh") == 201)
        #expect(try status("other") == 422)
        #expect(try status("fresh", by: .owner) == 409, "another caller's key is another")
        try suite.sql(
            "delete from organization_members where organization_id = '\(organization.id)' and user_id = '\(cast.id(.admin))'"
        )
        #expect(try status("fresh") == 404)
    }
}
