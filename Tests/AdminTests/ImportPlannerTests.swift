import Domain
import FoundationEssentials
import Kit
import Testing

@testable import Admin

@Suite("What becomes of the rows of an import")
struct ImportPlannerTests {
    private let user = ManagedUser.example

    private func planner(_ policy: ConflictPolicy, isDryRun: Bool = false, isSuperuser: Bool = true) -> ImportPlanner {
        planner(policy, isDryRun: isDryRun, own: isSuperuser ? .everything : .wholeTenant)
    }

    private func planner(_ policy: ConflictPolicy, isDryRun: Bool = false, own: Permissions) -> ImportPlanner {
        var planner = ImportPlanner(policy: policy, isDryRun: isDryRun, own: own)
        planner.beginBatch(roles: roles)
        return planner
    }

    private let roles = ["USER": [], "ADMIN": [], "Clerk": ["orders:read", "orders:ship"]]

    /// A user of other roles, and the match that finds them by e-mail address.
    private func held(_ claims: String...) -> (ImportPlanner.Match, [UUID: ImportPlanner.Present]) {
        var user = user
        user.held = HeldRoles(claims: claims)
        return (.init(emailKey: key(1), byEmail: user.id), [user.id: .init(user: user, hasPassword: true)])
    }

    private func row(_ json: String) throws -> ImportRow {
        guard case .object(let members) = try JSONParser.parse(json.utf8) else { throw Problem.internalError }
        return try FieldReader.content(ImportRow.self, from: members)
    }

    private func key(_ number: UInt64) -> UUID { UUID(high: 7, low: number) }

    private func word(_ decision: ImportPlanner.Decision) -> String {
        switch decision {
        case .settled(let outcome):
            outcome.faults.map { "\(outcome.status) \($0.errors.map { $0.pointer + $0.code }.joined())" }
                ?? "\(outcome.status)"
        case .create: "create"
        case .update: "update"
        case .later: "later"
        }
    }

    @Test("a name that is taken is a failure, passed over, or a change, as the policy says")
    func policies() throws {
        let row = try row(#"{"email":"ada@example.com","display_name":"Countess"}"#)
        let match = ImportPlanner.Match(emailKey: key(1), byEmail: user.id)
        let present = [user.id: ImportPlanner.Present(user: user, hasPassword: true)]
        for (policy, expected) in [
            (ConflictPolicy.fail, "failed /emailtaken"), (.skip, "skipped"), (.update, "update"),
        ] {
            var planner = planner(policy)
            #expect(word(planner.decide(1, row, match, present)) == expected)
        }
    }

    @Test("names that occur twice are the same user's, within a batch and, on a dry run, beyond")
    func repetition() throws {
        let row = try row(#"{"username":"eve"}"#)
        let match = ImportPlanner.Match(usernameKey: key(1))
        for (policy, expected) in [
            (ConflictPolicy.fail, "failed /usernametaken"), (.skip, "skipped"), (.update, "later"),
        ] {
            var planner = planner(policy)
            #expect(word(planner.decide(1, row, match, [:])) == "create")
            #expect(word(planner.decide(2, row, match, [:])) == expected)
            var dry = self.planner(policy, isDryRun: true)
            #expect(word(dry.decide(1, row, match, [:])) == "created")
            dry.beginBatch(roles: roles)
            #expect(word(dry.decide(2, row, match, [:])) == (policy == .update ? "updated" : expected))
        }
    }

    @Test("a name that a row gives to a user is that user's for the rows behind it", arguments: [false, true])
    func givenNames(isDryRun: Bool) throws {
        var planner = planner(.update, isDryRun: isDryRun)
        let (bea, present) = held("USER")
        let other = ImportPlanner.Match(emailKey: key(2), usernameKey: key(9), byEmail: .v7())
        let first = try row(#"{"email":"ada@example.com","username":"sam"}"#)
        let match = ImportPlanner.Match(emailKey: key(1), usernameKey: key(9), byEmail: bea.byEmail)
        #expect(word(planner.decide(1, first, match, present)) == (isDryRun ? "updated" : "update"))
        let second = try row(#"{"email":"bea@example.com","username":"sam"}"#)
        #expect(word(planner.decide(2, second, other, present)) == "failed ambiguous")
        let third = try row(#"{"username":"sam"}"#)
        let same = ImportPlanner.Match(usernameKey: key(9))
        #expect(word(planner.decide(3, third, same, present)) == (isDryRun ? "updated" : "later"))
        planner.beginBatch(roles: roles)
        #expect(word(planner.decide(4, third, same, present)) == (isDryRun ? "updated" : "create"))
    }

    @Test("a row that changes nothing is unchanged, and two rows about one user are done one after the other")
    func unchanged() throws {
        var planner = planner(.update)
        let match = ImportPlanner.Match(emailKey: key(1), byEmail: user.id)
        let present = [user.id: ImportPlanner.Present(user: user, hasPassword: true)]
        let same = try row(#"{"email":"ada@example.com","username":"ada","roles":["USER"],"state":"active"}"#)
        #expect(word(planner.decide(1, same, match, present)) == "unchanged")
        planner.beginBatch(roles: roles)
        let other = try row(#"{"email":"ada@example.com","state":"disabled"}"#)
        #expect(word(planner.decide(2, other, match, present)) == "update")
        #expect(word(planner.decide(3, same, match, present)) == "later")
    }

    @Test(
        "a role is given by who may give roles and holds all that it gives; one that is there already is nobody's gift")
    func roleGiving() throws {
        let new = try row(#"{"username":"x","roles":["Clerk"]}"#)
        let kept = try row(#"{"email":"ada@example.com","roles":["Clerk"]}"#)
        let (match, present) = held("Clerk", "#1", "orders:read", "orders:ship")
        let (other, plain) = held("USER")
        for (own, made, unchanged, given) in [
            (["users:write"], "failed /rolesforbidden", "failed forbidden", "failed /rolesforbidden"),
            (["roles:write", "orders:read"], "failed /rolesforbidden", "failed forbidden", "failed /rolesforbidden"),
            (["orders:read", "orders:ship"], "failed /rolesforbidden", "unchanged", "failed /rolesforbidden"),
            (["roles:write", "orders:read", "orders:ship"], "create", "unchanged", "update"),
        ] {
            var planner = planner(.update, own: .named(Set(own)))
            #expect(word(planner.decide(1, new, .none, [:])) == made, "\(own)")
            #expect(word(planner.decide(2, kept, match, present)) == unchanged, "\(own)")
            planner.beginBatch(roles: roles)
            #expect(word(planner.decide(3, kept, other, plain)) == given, "\(own)")
        }
    }

    @Test("names of two users, foreign roles, chosen ids and superusers are refused")
    func refusals() throws {
        var planner = planner(.update, isSuperuser: false)
        let present = [user.id: ImportPlanner.Present(user: user, hasPassword: true)]
        let both = ImportPlanner.Match(byEmail: user.id, byUsername: key(9))
        #expect(
            word(planner.decide(1, try row(#"{"email":"ada@example.com","username":"x"}"#), both, present))
                == "failed ambiguous")
        #expect(
            word(planner.decide(3, try row(#"{"username":"x","roles":["NOBODY"]}"#), .none, [:]))
                == "failed /rolesunknown_role")
        let chosen = try row(#"{"username":"x","id":"019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6071"}"#)
        #expect(word(planner.decide(4, chosen, .none, [:])) == "failed /idforbidden")
        let (match, found) = held(BuiltinRole.superuser)
        var root = self.planner(.update)
        #expect(
            word(root.decide(5, try row(#"{"email":"ada@example.com","state":"disabled"}"#), match, found))
                == "failed forbidden")
        #expect(
            word(planner.decide(5, try row(#"{"email":"ada@example.com","state":"disabled"}"#), match, found))
                == "failed forbidden")
    }
}
