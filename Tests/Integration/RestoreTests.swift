import GatehouseTesting
import Testing

@Suite("A backup", .serialized, .timeLimit(.minutes(5)))
struct RestoreTests {
    @Test("brings back what there was, and leaves everybody signed in, tokens newer than it included")
    func restore() async throws {
        let suite = try RunningSuite(tokens: 2)
        let (stays, leaves) = (try Person(suite), try Person(suite))
        let before = try stays.login()
        let left = try leaves.login()
        try suite.deploy("backup", "\(suite.folder)/one.dump")

        // What the file knows nothing of: two generations, an end, and somebody new.
        let newest = try Tokens(suite.refresh(Tokens(suite.refresh(before.refresh).body).refresh).body)
        #expect(try suite.logout(left.access).status == 204)
        let newcomer = try Person(suite)
        #expect(try suite.deploy("restore", "\(suite.folder)/one.dump").contains("Restored."))

        #expect(try suite.me(newest.access).status == 200)
        let next = try Tokens(suite.refresh(newest.refresh).body)
        #expect(next.session == before.session)
        // The one before it is as used as ever.
        #expect(try suite.refresh(before.refresh).status == 401)
        #expect(try suite.refresh(next.refresh).status == 401)
        #expect(try suite.refresh(left.refresh).status == 200)
        #expect(try newcomer.attempt().status == 401)
        let count = "select count(*) from users where username = '\(newcomer.name)'"
        #expect(try suite.sql(count, as: "postgres", in: "gatehouse_before_restore") == "1")
        let verdict = try suite.post("/api/v1/admin/audit/verify", "{}", bearer: suite.superuser())
        #expect(verdict.body.contains(#""intact":true"#), "\(verdict.body)")
    }

    @Test("restored with every session ended, it lets in nobody who does not log in")
    func endSessions() async throws {
        let suite = try RunningSuite()
        let person = try Person(suite)
        let before = try person.login()
        #expect(try suite.post("/api/v1/auth/forgot-password", #"{"email":"\#(person.email)"}"#).status == 202)
        let link = try await suite.mailedToken(to: person.email, about: "password")
        try suite.deploy("backup", "\(suite.folder)/one.dump")
        let newest = try Tokens(suite.refresh(before.refresh).body)
        try suite.deploy("restore", "--end-sessions", "\(suite.folder)/one.dump")

        for tokens in [before, newest] {
            #expect(try suite.me(tokens.access).status == 401)
            #expect(try suite.refresh(tokens.refresh).status == 401)
        }
        let reset = try suite.post(
            "/api/v1/auth/reset-password", #"{"token":"\#(link)","new_password":"another horse 8 battery"}"#)
        #expect(reset.status == 400, "\(reset.body)")
        #expect(try suite.refresh(person.login().refresh).status == 200)
        let ended = "select count(*) from audit_log where action = 'sessions.ended'"
        #expect(try suite.sql(ended, as: "postgres") == "1")
    }

    @Test("a file that is none changes nothing, nor does one that is there already")
    func refused() throws {
        let suite = try RunningSuite()
        let tokens = try Person(suite).login()
        _ = try ChildProcess.run(["sh", "-c", "echo nothing > \(suite.folder)/none.dump"])
        for command in [["restore", "none.dump"], ["restore", "missing.dump"], ["backup", "none.dump"]] {
            #expect(throws: ChildProcess.Failure.self) {
                try suite.deploy(command[0], "\(suite.folder)/\(command[1])")
            }
        }
        #expect(try suite.refresh(tokens.refresh).status == 200)
    }
}
