import GatehouseTesting
import Kit
import Testing

@Suite("Owners of organizations", .timeLimit(.minutes(3)))
struct OrganizationOwnerTests {
    @Test("the last owner stays: can't leave, be demoted, give way to one who can't sign in, or delete their account")
    func lastOwner() throws {
        let suite = try SharedSuite.get()
        let (owner, member) = (try Person(suite), try Person(suite))
        let access = try suite.session(of: owner.id).access
        let id = try suite.makeOrganization(access)
        try suite.add(member.id, to: id)
        let path = "/api/v1/organizations/\(id)"
        let own = "\(path)/members/\(owner.id)"
        for refused in [
            try suite.send("DELETE", own, bearer: access),
            try suite.send("PUT", own, #"{"role":"admin"}"#, bearer: access),
            try suite.send("DELETE", "/api/v1/users/me", #"{"password":"\#(owner.password)"}"#, bearer: access),
        ] {
            #expect(refused.status == 409)
            #expect(refused.body.contains("last_owner"))
        }
        try suite.sql("update users set state = 'disabled' where id = '\(member.id)'")
        let transfer = try suite.post("\(path)/transfer-ownership", #"{"user":"\#(member.id)"}"#, bearer: access)
        #expect(transfer.body.contains("last_owner"))
        try suite.sql("update organization_members set role = 'owner' where user_id = '\(member.id)'")
        #expect(try suite.send("DELETE", own, bearer: access).status == 409, "a disabled owner is none")
        try suite.sql("update users set state = 'active', locked_at = now() where id = '\(member.id)'")
        #expect(try suite.send("DELETE", own, bearer: access).status == 409, "nor is one who is locked out")
        try suite.sql("update users set locked_at = null where id = '\(member.id)'")
        #expect(try suite.send("DELETE", own, bearer: access).status == 204)
    }

    @Test("an account that alone belongs to an organization takes it along")
    func aloneDeleted() throws {
        let suite = try SharedSuite.get()
        let (owner, other) = (try Person(suite), try Person(suite))
        let access = try suite.session(of: owner.id).access
        let (alone, shared) = (try suite.makeOrganization(access), try suite.makeOrganization(access))
        try suite.add(other.id, to: shared, "owner")
        let deleted = try suite.send(
            "DELETE", "/api/v1/users/me", #"{"password":"\#(owner.password)"}"#, bearer: access)
        #expect(deleted.status == 204)
        #expect(try suite.sql("select id from organizations where id in ('\(alone)', '\(shared)')") == shared)
    }

    @Test("an administrator can't delete the last owner either, one by one or many; who alone belongs takes it along")
    func deletedByAdministrator() throws {
        let suite = try SharedSuite.get()
        let (owner, member, root) = (try Person(suite), try Person(suite), try suite.superuser())
        let access = try suite.session(of: owner.id).access
        let (alone, shared) = (try suite.makeOrganization(access), try suite.makeOrganization(access))
        try suite.add(member.id, to: shared)
        let path = "/api/v1/admin/users/\(owner.id)"
        let refused = try suite.send("DELETE", path, bearer: root)
        #expect(refused.status == 409)
        #expect(refused.body.contains("last_owner"))
        let many = try suite.post(
            "/api/v1/admin/users/bulk", #"{"action":"delete","ids":["\#(owner.id)"]}"#, bearer: root)
        #expect(many.status == 200)
        #expect(many.body.contains(#""code":"last_owner""#))
        #expect(try suite.sql("select count(*) from organizations where id in ('\(alone)', '\(shared)')") == "2")
        try suite.sql("update organization_members set role = 'owner' where user_id = '\(member.id)'")
        #expect(try suite.send("DELETE", path, bearer: root).status == 204)
        #expect(try suite.sql("select id from organizations where id in ('\(alone)', '\(shared)')") == shared)
    }

    @Test("ownership is given away in one go, and both sides' tokens are cut off")
    func transfer() async throws {
        let suite = try SharedSuite.get()
        let (owner, member) = (try Person(suite), try Person(suite))
        let (before, others) = (try suite.session(of: owner.id), try suite.session(of: member.id))
        let id = try suite.makeOrganization(before.access)
        try suite.add(member.id, to: id)
        let answer = try suite.post(
            "/api/v1/organizations/\(id)/transfer-ownership", #"{"user":"\#(member.id)"}"#, bearer: before.access)
        #expect(answer.status == 204)
        let roles = try suite.sql(
            "select string_agg(role, ' ' order by user_id = '\(owner.id)') from organization_members "
                + "where organization_id = '\(id)'")
        #expect(roles == "owner admin")
        for tokens in [before, others] {
            try await eventually { try suite.me(tokens.access).status == 401 }
            #expect(try suite.refresh(tokens.refresh).status == 200, "the sessions go on")
        }
    }
}
