import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

/// A suite of its own, with two token instances and connections enough that transactions really run beside one another.
@Suite("Organizations under races", .serialized, .timeLimit(.minutes(10)))
struct OrganizationRaceTests {
    private static let suite = Result { try RunningSuite(tokens: 2, settings: ["DATABASE_CONNECTIONS=8"]) }
    private static let rounds = 200

    private let suite: RunningSuite
    private let key: String

    init() throws {
        suite = try Self.suite.get()
        key = try suite.secret("internal_key")
    }

    private func session(of user: String) throws -> Tokens { try suite.session(of: user, key: key) }

    /// An organization of some people, who can be set back to what they were.
    private struct Organization {
        let suite: RunningSuite
        let id = UUID().uuidString.lowercased()

        init(_ suite: RunningSuite) throws {
            self.suite = suite
            try suite.sql(
                "insert into organizations (tenant_id, id, slug, name) "
                    + "values ('\(RunningSuite.tenant)', '\(id)', '\(uniqueName("o"))', 'Some organization')")
        }

        var path: String { "/api/v1/organizations/\(id)" }

        /// Makes these, and only these, its members, and runs `further` SQL.
        /// - Returns: How many owners it had until then.
        @discardableResult
        func set(_ members: [(user: String, role: String)], _ further: String = "") throws -> String {
            let values = members.map { "('\(RunningSuite.tenant)', '\(id)', '\($0.user)', '\($0.role)')" }
            return try suite.sql(
                "select count(*) from organization_members where organization_id = '\(id)' and role = 'owner'; "
                    + "delete from organization_members where organization_id = '\(id)'; \(further)"
                    + "insert into organization_members (tenant_id, organization_id, user_id, role) values "
                    + values.joined(separator: ", "))
        }

        func isMember(_ user: String) throws -> Bool {
            try suite.sql(
                "select 1 from organization_members where organization_id = '\(id)' and user_id = '\(user)'") == "1"
        }
    }

    private func request(
        _ method: String, _ path: String, _ tokens: Tokens, _ body: String? = nil
    ) -> PlainHTTP.Request {
        suite.gateway.request(method, path, headers: [tokens.bearer], body: body)
    }

    /// Both requests in either order, so that neither always comes first; answers in the order given.
    private func race(_ requests: [PlainHTTP.Request]) throws -> [PlainHTTP.Answer] {
        let order = requests.indices.shuffled()
        let answers = try suite.gateway.burst(order.map { requests[$0] })
        var sorted = answers
        for (place, index) in order.enumerated() { sorted[index] = answers[place] }
        return sorted
    }

    @Test("two owners who demote each other at once: one stays an owner")
    func demotion() throws {
        let (one, other) = (try Person(suite).id, try Person(suite).id)
        let organization = try Organization(suite)
        for round in 0..<Self.rounds {
            let kept = try organization.set([(one, "owner"), (other, "owner")])
            #expect(round == 0 || kept == "1")
            let answers = try race([
                request(
                    "PUT", "\(organization.path)/members/\(other)", session(of: one), #"{"role":"member"}"#),
                request(
                    "PUT", "\(organization.path)/members/\(one)", session(of: other), #"{"role":"member"}"#),
            ])
            #expect(answers.filter { $0.status == 200 }.count == 1)
            // By then a member, or cut off already by the demotion's event.
            #expect(answers.allSatisfy { [200, 403, 401].contains($0.status) })
        }
    }

    @Test("two owners who leave, or step down, at once: one stays", arguments: ["DELETE", "PUT"])
    func leaving(method: String) throws {
        let (one, other) = (try Person(suite).id, try Person(suite).id)
        let organization = try Organization(suite)
        for round in 0..<Self.rounds {
            let kept = try organization.set([(one, "owner"), (other, "owner")])
            #expect(round == 0 || kept == "1")
            let answers = try race(
                [one, other].map {
                    try request(
                        method, "\(organization.path)/members/\($0)", session(of: $0),
                        method == "PUT" ? #"{"role":"member"}"# : nil)
                })
            #expect(answers.filter { $0.status / 100 == 2 }.count == 1)
            #expect(answers.filter { $0.status == 409 && $0.body.contains("last_owner") }.count == 1)
        }
    }

    /// How an owner goes.
    enum Going: Sendable {
        case leaves, deletesAccount, isDeleted
    }

    @Test(
        "two owners go at once, by leaving, with their account, or removed by an administrator: one stays",
        arguments: [
            [Going.leaves, .deletesAccount], [.deletesAccount, .deletesAccount], [.leaves, .isDeleted],
            [.isDeleted, .isDeleted], [.deletesAccount, .isDeleted],
        ])
    func deletion(goings: [Going]) throws {
        let pattern = try Person(suite)
        let member = try Person(suite).id
        let organization = try Organization(suite)
        let root = try suite.superuser()
        for round in 0..<Self.rounds {
            // Accounts with the password of the one that was registered.
            let owners = [UUID().uuidString.lowercased(), UUID().uuidString.lowercased()]
            let making = owners.map { owner in
                "insert into users (tenant_id, id, username) "
                    + "values ('\(RunningSuite.tenant)', '\(owner)', '\(uniqueName())'); "
                    + "insert into credentials (tenant_id, user_id, id, kind, secret) "
                    + "select tenant_id, '\(owner)', gen_random_uuid(), kind, secret from credentials "
                    + "where user_id = '\(pattern.id)' and kind = 'password'; "
            }.joined()
            let kept = try organization.set(
                [(owners[0], "owner"), (owners[1], "owner"), (member, "member")], making)
            #expect(round == 0 || kept == "1")
            let requests = try zip(owners, goings).map { owner, going in
                switch going {
                case .leaves: try request("DELETE", "\(organization.path)/members/\(owner)", session(of: owner))
                case .deletesAccount:
                    try request(
                        "DELETE", "/api/v1/users/me", session(of: owner), #"{"password":"\#(pattern.password)"}"#)
                case .isDeleted:
                    suite.gateway.request(
                        "DELETE", "/api/v1/admin/users/\(owner)", headers: ["Authorization: Bearer \(root)"])
                }
            }
            let answers = try race(requests)
            #expect(answers.filter { $0.status == 204 }.count == 1)
            #expect(answers.filter { $0.status == 409 && $0.body.contains("last_owner") }.count == 1)
        }
    }

    @Test("ownership given to somebody who leaves at once: an owner stays")
    func transfer() throws {
        let (owner, heir) = (try Person(suite).id, try Person(suite).id)
        let organization = try Organization(suite)
        for round in 0..<Self.rounds {
            let kept = try organization.set([(owner, "owner"), (heir, "member")])
            #expect(round == 0 || kept == "1")
            let answers = try race([
                request(
                    "POST", "\(organization.path)/transfer-ownership", session(of: owner), #"{"user":"\#(heir)"}"#),
                request("DELETE", "\(organization.path)/members/\(heir)", session(of: heir)),
            ])
            #expect([[204, 409], [422, 204], [204, 401]].contains(answers.map(\.status)))
        }
    }

    /// SQL for the one invitation of an organization, with a token that the test knows.
    private func inviting(
        _ organization: Organization, _ person: Person, by inviter: String
    ) -> (id: String, token: String, sql: String) {
        let (id, token) = (UUID().uuidString.lowercased(), "ghv_" + uniqueName() + uniqueName())
        return (
            id, token,
            "delete from organization_invitations where organization_id = '\(organization.id)'; "
                + "insert into organization_invitations "
                + "(tenant_id, organization_id, id, email, role, invited_by, digest, expires_at) "
                + "values ('\(RunningSuite.tenant)', '\(organization.id)', '\(id)', '\(person.email)', 'member', "
                + "'\(inviter)', sha256('\(token)'), now() + interval '1 day'); "
        )
    }

    private func accepting(_ token: String, _ tokens: Tokens) -> PlainHTTP.Request {
        request("POST", "/api/v1/organizations/invitations/accept", tokens, #"{"token":"\#(token)"}"#)
    }

    @Test("of ten that accept one invitation at once, one joins")
    func accept() throws {
        let (owner, guest) = (try Person(suite), try Person(suite))
        let organization = try Organization(suite)
        for _ in 0..<Self.rounds {
            let invitation = inviting(organization, guest, by: owner.id)
            try organization.set([(owner.id, "owner")], invitation.sql)
            let tokens = try session(of: guest.id)
            let answers = try suite.gateway.burst(Array(repeating: accepting(invitation.token, tokens), count: 10))
            #expect(answers.filter { $0.status == 200 }.count == 1)
            #expect(answers.filter { $0.status == 400 && $0.body.contains("one_time_token_invalid") }.count == 9)
        }
        let left = try suite.sql(
            "select count(*) from organization_invitations where organization_id = '\(organization.id)'")
        #expect(left == "0")
    }

    @Test("accepted while it is taken back, declined, or its inviter demoted: never both", arguments: 0..<3)
    func acceptAgainst(other: Int) throws {
        let (owner, admin, guest) = (try Person(suite), try Person(suite), try Person(suite))
        let organization = try Organization(suite)
        for _ in 0..<Self.rounds {
            let invitation = inviting(organization, guest, by: admin.id)
            try organization.set([(owner.id, "owner"), (admin.id, "admin")], invitation.sql)
            let above = try session(of: owner.id)
            let against =
                switch other {
                case 0: request("DELETE", "\(organization.path)/invitations/\(invitation.id)", above)
                case 1:
                    suite.gateway.request(
                        "POST", "/api/v1/organizations/invitations/decline", body: #"{"token":"\#(invitation.token)"}"#)
                default: request("PUT", "\(organization.path)/members/\(admin.id)", above, #"{"role":"member"}"#)
                }
            let answers = try race([accepting(invitation.token, session(of: guest.id)), against])
            let joined = answers[0].status == 200
            #expect(joined || answers[0].status == 400)
            #expect(try organization.isMember(guest.id) == joined)
            if other < 2 {
                #expect(joined == (answers[1].status / 100 != 2), "one of the two")
            } else {
                #expect(answers[1].status == 200)
            }
        }
    }

    @Test("five hundred invitations are open at most, whoever asks at once")
    func limit() throws {
        let owner = try Person(suite)
        let organization = try Organization(suite)
        try organization.set([(owner.id, "owner")])
        try suite.sql(
            "insert into organization_invitations (tenant_id, organization_id, id, email, role, invited_by, expires_at) "
                + "select '\(RunningSuite.tenant)', '\(organization.id)', gen_random_uuid(), 'a' || n || '@example.com', "
                + "'member', '\(owner.id)', now() + interval '1 day' from generate_series(1, 495) n")
        let tokens = try session(of: owner.id)
        for round in 0..<3 {
            let answers = try suite.gateway.burst(
                (0..<20).map { _ in
                    request(
                        "POST", "\(organization.path)/invitations", tokens,
                        #"{"email":"\#(uniqueName())@example.com","role":"member"}"#)
                })
            #expect(answers.filter { $0.status == 201 }.count == (round == 0 ? 5 : 0))
            #expect(answers.filter { $0.body.contains("invitation_limit") }.count == (round == 0 ? 15 : 20))
        }
        let again = try suite.post(
            "\(organization.path)/invitations", #"{"email":"a1@example.com","role":"member"}"#, bearer: tokens.access)
        #expect(again.status == 201, "one that takes the place of another is none more")
    }

    @Test("removed, or given another role, while a family refreshes: no token goes on saying what was")
    func refreshing() async throws {
        let (owner, member) = (try Person(suite), try Person(suite))
        let organization = try Organization(suite)
        for round in 0..<Self.rounds {
            try organization.set([(owner.id, "owner"), (member.id, "admin")])
            let before = try Tokens(
                suite.refresh(session(of: member.id).refresh, organization: organization.id).body)
            #expect(try before.claims["org_role"]?.string == "admin")
            let isRemoval = round.isMultiple(of: 2)
            let path = "\(organization.path)/members/\(member.id)"
            let above = try session(of: owner.id)
            let answers = try race([
                isRemoval ? request("DELETE", path, above) : request("PUT", path, above, #"{"role":"member"}"#),
                suite.gateway.request(
                    "POST", "/api/v1/auth/refresh", body: #"{"refresh_token":"\#(before.refresh)"}"#),
            ])
            #expect(answers.map(\.status) == [isRemoval ? 204 : 200, 200])
            let during = try Tokens(answers[1].body)
            let role = try during.claims["org_role"]?.string
            if role == "admin" { try await eventually { try suite.me(during.access).status == 401 } }
            try await eventually { try suite.me(before.access).status == 401 }
            let after = try Tokens(suite.refresh(during.refresh).body)
            #expect(try after.claims["org_role"]?.string == (isRemoval ? nil : "member"))
        }
    }
}
