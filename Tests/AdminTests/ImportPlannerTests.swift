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

    /// Users who are there with an e-mail address and a username each: the keys 1 and 11, 2 and 12, and so on.
    private func people(_ count: UInt64) -> (ids: [UUID], present: [UUID: ImportPlanner.Present]) {
        var people: (ids: [UUID], present: [UUID: ImportPlanner.Present]) = ([], [:])
        for number in 1...count {
            var person = user
            person.id = UUID(high: 8, low: number)
            person.email = "\(number)@example.com"
            person.username = "name-\(number)"
            people.ids.append(person.id)
            people.present[person.id] = .init(user: person, hasPassword: true)
        }
        return people
    }

    @Test("a name that a rename frees is nobody's for the rows behind it", arguments: [false, true])
    func freedNames(isDryRun: Bool) throws {
        let (ids, present) = people(3)
        let updated = isDryRun ? "updated" : "update"
        var planner = planner(.update, isDryRun: isDryRun)
        let first = ImportPlanner.Match(emailKey: key(1), usernameKey: key(20), byEmail: ids[0])
        let renamed = try row(#"{"email":"1@example.com","username":"new"}"#)
        #expect(word(planner.decide(1, renamed, first, present)) == updated)
        // The database still finds the first user by the name of before.
        let second = ImportPlanner.Match(
            emailKey: key(2), usernameKey: key(11), byEmail: ids[1], byUsername: ids[0])
        let heir = try row(#"{"email":"2@example.com","username":"name-1"}"#)
        #expect(word(planner.decide(2, heir, second, present)) == updated)
        let third = ImportPlanner.Match(
            emailKey: key(3), usernameKey: key(11), byEmail: ids[2], byUsername: ids[0])
        let late = try row(#"{"email":"3@example.com","username":"name-1"}"#)
        #expect(word(planner.decide(3, late, third, present)) == "failed ambiguous")
        // A batch makes users before it renames any.
        let made = try row(#"{"username":"name-2"}"#)
        let fourth = ImportPlanner.Match(usernameKey: key(12), byUsername: ids[1])
        #expect(word(planner.decide(4, made, fourth, present)) == (isDryRun ? "created" : "later"))
        planner.beginBatch(roles: roles)
        if isDryRun {
            let again = try row(#"{"email":"2@example.com","username":"name-2"}"#)
            let match = ImportPlanner.Match(
                emailKey: key(2), usernameKey: key(12), byEmail: ids[1], byUsername: ids[1])
            #expect(word(planner.decide(5, again, match, present)) == "failed ambiguous")
        } else {
            #expect(word(planner.decide(4, made, .init(usernameKey: key(12)), present)) == "create")
        }
    }

    @Test("e-mail addresses that rows give are told apart as usernames are", arguments: [false, true])
    func givenAddresses(isDryRun: Bool) throws {
        let (ids, present) = people(2)
        var planner = planner(.update, isDryRun: isDryRun)
        let first = ImportPlanner.Match(emailKey: key(9), usernameKey: key(11), byUsername: ids[0])
        let moved = try row(#"{"username":"name-1","email":"new@example.com"}"#)
        #expect(word(planner.decide(1, moved, first, present)) == (isDryRun ? "updated" : "update"))
        let second = ImportPlanner.Match(emailKey: key(9), usernameKey: key(12), byUsername: ids[1])
        let other = try row(#"{"username":"name-2","email":"new@example.com"}"#)
        #expect(word(planner.decide(2, other, second, present)) == "failed ambiguous")
        let byID = ImportPlanner.Match(emailKey: key(9), byID: ids[1])
        let identified = try row(#"{"id":"\#(ids[1].text)","email":"new@example.com"}"#)
        #expect(word(planner.decide(3, identified, byID, present)) == "failed ambiguous")
    }

    @Test("a name that a new user got before a row gives it to another refuses that row", arguments: [false, true])
    func namesOfTheNew(isDryRun: Bool) throws {
        let (ids, present) = people(1)
        var planner = planner(.update, isDryRun: isDryRun)
        let made = try row(#"{"username":"sam"}"#)
        #expect(
            word(planner.decide(1, made, .init(usernameKey: key(20)), present)) == (isDryRun ? "created" : "create"))
        let match = ImportPlanner.Match(emailKey: key(1), usernameKey: key(20), byEmail: ids[0])
        let late = try row(#"{"email":"1@example.com","username":"sam"}"#)
        #expect(word(planner.decide(2, late, match, present)) == "failed ambiguous")
    }

    @Test("a row that says the names its user has is in nobody's way, least of all its own", arguments: [false, true])
    func keptNames(isDryRun: Bool) throws {
        let (ids, present) = people(1)
        var planner = planner(.update, isDryRun: isDryRun)
        let match = ImportPlanner.Match(
            emailKey: key(1), usernameKey: key(11), byEmail: ids[0], byUsername: ids[0])
        let changed = try row(#"{"email":"1@example.com","username":"name-1","display_name":"Countess"}"#)
        #expect(word(planner.decide(1, changed, match, present)) == (isDryRun ? "updated" : "update"))
        #expect(word(planner.decide(2, changed, match, present)) == (isDryRun ? "updated" : "later"))
        planner.beginBatch(roles: roles)
        let same = try row(#"{"email":"1@example.com","username":"name-1"}"#)
        #expect(word(planner.decide(3, same, match, present)) == "unchanged")
    }

    @Test("a dry run remembers the last of the names that rows give a user, whether there or new, over batches")
    func renamedTwice() throws {
        let (ids, present) = people(2)
        var planner = planner(.update, isDryRun: true)
        let named = { (name: String) in try row(#"{"email":"1@example.com","username":"\#(name)"}"#) }
        let match = { (name: UInt64) in
            ImportPlanner.Match(emailKey: key(1), usernameKey: key(name), byEmail: ids[0])
        }
        let second = { (name: UInt64) in
            ImportPlanner.Match(emailKey: key(2), usernameKey: key(name), byEmail: ids[1])
        }
        #expect(word(planner.decide(1, try named("x"), match(20), present)) == "updated")
        #expect(word(planner.decide(2, try named("y"), match(21), present)) == "updated")
        planner.beginBatch(roles: roles)
        let other = try row(#"{"email":"2@example.com","username":"y"}"#)
        #expect(word(planner.decide(3, other, second(21), present)) == "failed ambiguous")
        let freed = try row(#"{"email":"2@example.com","username":"x"}"#)
        #expect(word(planner.decide(4, freed, second(20), present)) == "updated")
        // The name that the database has is one to be given anew.
        planner.beginBatch(roles: roles)
        var back = match(11)
        back.byUsername = ids[0]
        #expect(word(planner.decide(5, try named("name-1"), back, present)) == "updated")
        let last = try row(#"{"username":"y"}"#)
        #expect(word(planner.decide(6, last, .init(usernameKey: key(21)), present)) == "created")
        let addressed = try row(#"{"username":"y","email":"new@example.com"}"#)
        let new = ImportPlanner.Match(emailKey: key(30), usernameKey: key(21))
        #expect(word(planner.decide(7, addressed, new, present)) == "updated")
        planner.beginBatch(roles: roles)
        let both = ImportPlanner.Match(emailKey: key(30), usernameKey: key(12), byUsername: ids[1])
        let mixed = try row(#"{"username":"name-2","email":"new@example.com"}"#)
        // The second user gave that username up for another: it is nobody's now, and the address is the new user's.
        #expect(word(planner.decide(8, mixed, both, present)) == "updated")
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
