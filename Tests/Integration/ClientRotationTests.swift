import GatehouseTesting
import Kit
import Testing

@Suite("Clients' secrets and lifetimes", .timeLimit(.minutes(3)))
struct ClientRotationTests {
    /// A client that was just registered.
    private struct Client {
        let suite: RunningSuite
        let id: String
        let identifier: String
        var secret: String

        init(_ suite: RunningSuite, _ members: String = "") throws {
            self.suite = suite
            let answer = try suite.post(
                "/api/v1/admin/clients", #"{"name":"Billing","grant_types":["client_credentials"]\#(members)}"#,
                bearer: suite.superuser())
            let json = try JSONParser.parse(answer.body.utf8)
            id = try #require(json["id"]?.string, "\(answer.body)")
            identifier = try #require(json["client_id"]?.string)
            secret = try #require(json["client_secret"]?.string)
        }

        func token(_ secret: String) throws -> PlainHTTP.Answer {
            try suite.form(
                "/oauth2/token",
                "grant_type=client_credentials&client_id=\(identifier)&client_secret=\(secret)")
        }

        mutating func renew(_ body: String? = nil) throws -> JSONValue {
            let answer = try suite.send(
                "POST", "/api/v1/admin/clients/\(id)/secret", body, bearer: suite.superuser())
            #expect(answer.status == 200, "\(answer.body)")
            let json = try JSONParser.parse(answer.body.utf8)
            secret = try #require(json["client_secret"]?.string)
            return json
        }

        func change(_ body: String) throws -> PlainHTTP.Answer {
            try suite.send("PATCH", "/api/v1/admin/clients/\(id)", body, bearer: suite.superuser())
        }
    }

    @Test("a renewed secret is good beside the one before until that one's time is over")
    func overlap() async throws {
        let suite = try SharedSuite.get()
        var client = try Client(suite)
        let first = client.secret
        #expect(try client.token(first).status == 200)
        let renewed = try client.renew()
        #expect(renewed["former_secret_expires_at"]?.string != nil)
        try await eventually { try client.token(client.secret).status == 200 }
        #expect(try client.token(first).status == 200)
        #expect(try client.token(first + "x").status == 401)

        // A second renewal leaves the second secret good, and the first one no longer.
        let second = client.secret
        _ = try client.renew(#"{"overlap_seconds":600}"#)
        try await eventually { try client.token(first).status == 401 }
        #expect(try client.token(second).status == 200)
        #expect(try client.token(client.secret).status == 200)

        // As if the time were over, which each process sees by its own clock once it has read it.
        _ = try suite.sql(
            "update clients set former_secret_expires_at = now() - interval '1 second' where id = '\(client.id)'")
        #expect(try client.change(#"{"name":"Billing again"}"#).status == 200)
        try await eventually { try client.token(second).status == 401 }
        #expect(try client.token(client.secret).status == 200)
    }

    @Test("a secret that leaked is void at once")
    func leaked() async throws {
        let suite = try SharedSuite.get()
        var client = try Client(suite)
        let first = client.secret
        let renewed = try client.renew(#"{"overlap_seconds":0}"#)
        #expect(renewed["former_secret_expires_at"] == .null)
        try await eventually { try client.token(first).status == 401 }
        #expect(try client.token(client.secret).status == 200)
    }

    @Test("a client's tokens live as long as it says, and as its tenant says when it says nothing any more")
    func accessTokenLifetime() async throws {
        let suite = try SharedSuite.get()
        let client = try Client(suite, #","access_token_lifetime_seconds":120"#)
        func lifetime() throws -> Int? {
            try JSONParser.parse(client.token(client.secret).body.utf8)["expires_in"]?.integer
        }
        #expect(try lifetime() == 120)
        let refused = try client.change(#"{"access_token_lifetime_seconds":59}"#)
        #expect(refused.status == 422)
        #expect(refused.body.contains("/access_token_lifetime_seconds"))
        #expect(try client.change(#"{"access_token_lifetime_seconds":null}"#).status == 200)
        try await eventually { try lifetime() == 900 }
    }

    @Test("sessions of a client live as long as it says")
    func sessionLifetime() async throws {
        let suite = try SharedSuite.get()
        let client = try Client(
            suite,
            #","first_party":true,"session_idle_lifetime_seconds":300,"session_lifetime_seconds":1000"#)
        #expect(try client.change(#"{"grant_types":["password","refresh_token"]}"#).status == 200)
        let person = try Person(suite)
        let credentials = "client_id=\(client.identifier)&client_secret=\(client.secret)"
        var login: PlainHTTP.Answer?
        try await eventually {
            login = try suite.form(
                "/oauth2/token",
                "grant_type=password&username=\(person.name)&password=correct%20horse%207%20battery&"
                    + credentials)
            return login?.status == 200
        }
        let json = try JSONParser.parse(#require(login).body.utf8)
        let refresh = try #require(json["refresh_token"]?.string)
        let lengths = """
            select round(extract(epoch from idle_expires_at - refreshed_at)),
                round(extract(epoch from expires_at - created_at))
            from sessions where user_id = '\(person.id)'
            """
        #expect(try suite.sql(lengths) == "300|1000")
        #expect(try client.change(#"{"session_idle_lifetime_seconds":500}"#).status == 200)
        // The process that refreshes may not have heard of it yet.
        var token = refresh
        try await eventually {
            let answer = try suite.form(
                "/oauth2/token", "grant_type=refresh_token&refresh_token=\(token)&" + credentials)
            token = try #require(JSONParser.parse(answer.body.utf8)["refresh_token"]?.string, "\(answer.body)")
            return try suite.sql(lengths) == "500|1000"
        }
    }
}
