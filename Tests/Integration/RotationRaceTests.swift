import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

/// A suite of its own with two token instances: rounds of many requests at once, each round on a session of its own.
@Suite("Refresh tokens under races", .serialized, .timeLimit(.minutes(10)))
struct RotationRaceTests {
    private static let suite = Result { try RunningSuite(tokens: 2) }
    private static let rounds = 300
    private static let width = 50

    private func suite() throws -> RunningSuite { try Self.suite.get() }

    /// Opens a session as identity would, without the cost of a password.
    private func open(_ suite: RunningSuite, _ user: String, client: String = "gatehouse") throws -> Tokens {
        let answer = try PlainHTTP(port: suite.ports["PORT_TOKEN"] ?? 0).send(
            "POST", "/internal/sessions", headers: ["X-Gatehouse-Key: \(try suite.secret("internal_key"))"],
            body: #"{"user":"\#(user)","client":"\#(client)","amr":["pwd"]}"#)
        return try Tokens(answer.body)
    }

    private func refreshing(_ suite: RunningSuite, _ token: String, client: String = "gatehouse") -> PlainHTTP.Request {
        suite.gateway.request(
            "POST", "/oauth2/token", body: "grant_type=refresh_token&client_id=\(client)&refresh_token=\(token)",
            type: "application/x-www-form-urlencoded")
    }

    private func status(_ suite: RunningSuite, _ token: String, client: String = "gatehouse") throws -> Int {
        try suite.gateway.burst([refreshing(suite, token, client: client)])[0].status
    }

    /// A public client with a reuse interval.
    private func lenient(_ suite: RunningSuite, _ seconds: Int) throws -> String {
        let id = uniqueName("c")
        let answer = try suite.post(
            "/api/v1/admin/clients",
            #"{"name":"lenient","client_id":"\#(id)","confidential":false,"grant_types":["refresh_token"],"#
                + #""refresh_reuse_interval":\#(seconds)}"#, bearer: suite.superuser())
        guard answer.status == 201 else { throw ChildProcess.Failure("client: \(answer.status) \(answer.body)") }
        return id
    }

    @Test("strict: of fifty at once one wins, and then the family is dead by reuse")
    func strict() throws {
        let suite = try suite()
        let person = try Person(suite)
        for _ in 0..<Self.rounds {
            let tokens = try open(suite, person.id)
            let answers = try suite.gateway.burst(
                Array(repeating: refreshing(suite, tokens.refresh), count: Self.width))
            let winners = answers.filter { $0.status == 200 }
            #expect(winners.count == 1)
            #expect(answers.filter { $0.status == 400 && $0.body.contains("invalid_grant") }.count == Self.width - 1)
            guard let winner = winners.first else { continue }
            #expect(try status(suite, Tokens(winner.body).refresh) == 400)
        }
        let served = try suite.sql("select count(*) from sessions where generation > 1")
        #expect(served == "0", "no family went two ways")
    }

    @Test("with an interval: all fifty get the same successor, which goes on")
    func interval() throws {
        let suite = try suite()
        let person = try Person(suite)
        let client = try lenient(suite, 60)
        for _ in 0..<Self.rounds {
            let tokens = try open(suite, person.id, client: client)
            let answers = try suite.gateway.burst(
                Array(repeating: refreshing(suite, tokens.refresh, client: client), count: Self.width))
            #expect(answers.allSatisfy { $0.status == 200 })
            let successors = Set(try answers.map { try Tokens($0.body).refresh })
            #expect(successors.count == 1)
            guard let successor = successors.first else { continue }
            let next = try suite.gateway.burst([refreshing(suite, successor, client: client)])[0]
            #expect(next.status == 200)
            // The first is not the immediate predecessor any more: that is reuse, interval or not.
            #expect(try status(suite, tokens.refresh, client: client) == 400)
            #expect(try status(suite, Tokens(next.body).refresh, client: client) == 400)
        }
    }

    @Test("many sessions at once, one token twice among them: the others go on, and of the one nothing is left")
    func together() throws {
        let suite = try suite()
        let people = try (0..<4).map { _ in try Person(suite) }
        var families = try people.flatMap { person in try (0..<8).map { _ in try open(suite, person.id).refresh } }
        for _ in 0..<Self.rounds {
            // Any place in the burst may share a statement with any other, or with its twin, or go to the other instance.
            let twice = Int.random(in: families.indices)
            var requests = families.enumerated().map { (family: $0, request: refreshing(suite, $1)) }
            requests.append((twice, refreshing(suite, families[twice])))
            requests.shuffle()
            let answers = try suite.gateway.burst(requests.map(\.request))
            for (family, answer) in zip(requests.map(\.family), answers) where family != twice {
                #expect(answer.status == 200, "family \(family) did nothing wrong: \(answer.body)")
                families[family] = try Tokens(answer.body).refresh
            }
            let twins = zip(requests, answers).filter { $0.0.family == twice }.map(\.1)
            let winners = twins.filter { $0.status == 200 }
            #expect(winners.count == 1)
            #expect(twins.count { $0.status == 400 && $0.body.contains("invalid_grant") } == 1)
            if let winner = winners.first {
                #expect(try status(suite, Tokens(winner.body).refresh) == 400, "the reuse ended the family")
            }
            families[twice] = try open(suite, people[twice / 8].id).refresh
        }
        let shared = try suite.sql("select count(*) > count(distinct xmin::text) from sessions where generation > 0")
        #expect(shared == "t", "some of them shared a transaction")
    }

    @Test("five rotations in a row within one second: each earlier token that comes back finds the family dead")
    func chain() throws {
        let suite = try suite()
        let person = try Person(suite)
        for replayed in 0..<4 {
            var chain = [try open(suite, person.id).refresh]
            let other = try open(suite, person.id)
            for _ in 0..<5 { chain.append(try Tokens(suite.refresh(chain[chain.count - 1]).body).refresh) }
            #expect(try suite.refresh(chain[replayed]).status == 401)
            #expect(try suite.refresh(chain[5]).status == 401)
            #expect(try suite.refresh(other.refresh).status == 200, "another family of the same user goes on")
        }
    }

    @Test("refresh against logout: whoever wins, the session is over and none of its tokens lives")
    func logout() async throws {
        let suite = try suite()
        let person = try Person(suite)
        for _ in 0..<Self.rounds {
            let tokens = try open(suite, person.id)
            var requests = [refreshing(suite, tokens.refresh)]
            requests.append(suite.gateway.request("POST", "/api/v1/auth/logout", headers: [tokens.bearer]))
            if Bool.random() { requests.swapAt(0, 1) }
            let answers = try suite.gateway.burst(requests)
            #expect(answers.contains { $0.status == 204 })
            let refreshed = try answers.filter { $0.status == 200 }.map { try Tokens($0.body) }
            for late in refreshed {
                #expect(try status(suite, late.refresh) == 400)
                #expect(try suite.me(late.access).status == 401)
            }
            #expect(try suite.me(tokens.access).status == 401)
        }
    }

    @Test("refresh against disabling the user: no token of before or during survives it")
    func disable() async throws {
        let suite = try suite()
        let person = try Person(suite)
        let root = try suite.superuser()
        func state(_ state: String) -> PlainHTTP.Request {
            suite.gateway.request(
                "PATCH", "/api/v1/admin/users/\(person.id)", headers: ["Authorization: Bearer \(root)"],
                body: #"{"state":"\#(state)"}"#)
        }
        for _ in 0..<Self.rounds {
            let families = try (0..<4).map { _ in try open(suite, person.id) }
            var requests = families.map { refreshing(suite, $0.refresh) }
            requests.insert(state("disabled"), at: Int.random(in: 0...requests.count))
            let answers = try suite.gateway.burst(requests)
            let survivors = try answers.filter { $0.body.contains("refresh_token") && $0.status == 200 }.map {
                try Tokens($0.body)
            }
            #expect(answers.contains { $0.body.contains(#""state":"disabled""#) })
            for tokens in families + survivors {
                try await eventually { try suite.me(tokens.access).status == 401 }
            }
            #expect(try suite.gateway.burst([state("active")])[0].status == 200)
            for tokens in survivors { #expect(try status(suite, tokens.refresh) == 400) }
        }
    }

    @Test("logins with the old password against its change: none of their sessions outlives it")
    func oldPassword() throws {
        let suite = try suite()
        let person = try Person(suite)
        var passwords = [person.password, "another horse 8 staple"]
        for _ in 0..<60 {
            let access = try person.login(passwords[0]).access
            let login = suite.gateway.request(
                "POST", "/login", body: #"{"username":"\#(person.name)","password":"\#(passwords[0])"}"#)
            let change = suite.gateway.request(
                "POST", "/api/v1/auth/change-password", headers: ["Authorization: Bearer \(access)"],
                body: #"{"current_password":"\#(passwords[0])","new_password":"\#(passwords[1])"}"#)
            let answers = try suite.gateway.burst([login, login, change, login, login])
            #expect(answers[2].status == 204)
            for answer in answers where answer.status == 200 {
                #expect(try suite.refresh(Tokens(answer.body).refresh).status == 401)
            }
            passwords.swapAt(0, 1)
        }
    }

    @Test("roles that change while a family refreshes: what is issued after the change says so")
    func roles() async throws {
        let suite = try suite()
        let person = try Person(suite)
        let root = try suite.superuser()
        var tokens = try open(suite, person.id)
        for round in 0..<Self.rounds {
            let roles = round.isMultiple(of: 2) ? #"["USER","MODERATOR"]"# : #"["USER"]"#
            let change = suite.gateway.request(
                "PUT", "/api/v1/admin/users/\(person.id)/roles", headers: ["Authorization: Bearer \(root)"],
                body: #"{"roles":\#(roles)}"#)
            let answers = try suite.gateway.burst([change, refreshing(suite, tokens.refresh)])
            #expect(answers.map(\.status) == [200, 200])
            let during = try Tokens(answers[1].body)
            tokens = try Tokens(suite.refresh(during.refresh).body)
            let expected = round.isMultiple(of: 2) ? 200 : 403
            #expect(try suite.send("GET", "/api/v1/admin/users?limit=1", bearer: tokens.access).status == expected)
            // A token from the moment of the change either has the new roles or is refused: never the old ones.
            try await eventually {
                let status = try suite.send("GET", "/api/v1/admin/users?limit=1", bearer: during.access).status
                return status == expected || status == 401
            }
        }
    }

    @Test("Postgres is killed again and again while clients refresh and try again: nobody honest is logged out")
    func killedDatabase() async throws {
        let suite = try suite()
        let person = try Person(suite)
        let client = try lenient(suite, 60)
        let isOver = Flag()
        let families = try (0..<8).map { _ in try open(suite, person.id, client: client).refresh }
        let outcomes = try await withThrowingTaskGroup(of: (refreshed: Int, refused: Int).self) { group in
            for first in families {
                group.addTask {
                    var (token, refreshed, refused) = (first, 0, 0)
                    while !isOver.isRaised {
                        // Without an answer, or with 503, an honest client presents the same token again.
                        let answer = try? suite.gateway.burst([refreshing(suite, token, client: client)]).first
                        switch answer?.status {
                        case 200: (token, refreshed) = (try Tokens(answer?.body ?? "").refresh, refreshed + 1)
                        case 400, 401: refused += 1
                        default: try await Task.sleep(for: .milliseconds(20))
                        }
                        await Task.yield()
                    }
                    return (refreshed, refused)
                }
            }
            group.addTask {
                for _ in 0..<8 {
                    let before = try suite.sql("select pg_postmaster_start_time()")
                    try suite.kill("postgres")
                    try await eventually {
                        ((try? suite.sql("select pg_postmaster_start_time()")) ?? before) != before
                    }
                    try await Task.sleep(for: .milliseconds(500))
                }
                isOver.raise()
                return (1, 0)
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.allSatisfy { $0.refused == 0 })
        #expect(outcomes.allSatisfy { $0.refreshed > 0 })
        let ended = try suite.sql(
            "select count(*) from sessions where revoked_reason = 'refresh_token_reuse' "
                + "and client_id = (select id from clients where identifier = '\(client)')")
        #expect(ended == "0")
    }
}
