import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

/// A confidential client, made by the admin API.
struct Client {
    let suite: RunningSuite
    let id: String
    let uuid: String
    let secret: String

    init(_ suite: RunningSuite, _ members: String = "", tenant: String? = nil) throws {
        self.suite = suite
        let answer = try suite.send(
            "POST", "/api/v1/admin/clients",
            #"{"name":"test","confidential":true,"grant_types":["client_credentials","refresh_token"]"#
                + (members.isEmpty ? "" : ",") + members + "}",
            tenant: tenant, bearer: tenant == nil ? try suite.superuser() : nil)
        guard answer.status == 201 else { throw ChildProcess.Failure("client: \(answer.status) \(answer.body)") }
        let json = try JSONParser.parse(answer.body.utf8)
        id = try #require(json["client_id"]?.string)
        uuid = try #require(json["id"]?.string)
        secret = try #require(json["client_secret"]?.string)
    }

    var basic: String { "Authorization: Basic " + Data("\(id):\(secret)".utf8).base64EncodedString() }

    func token(_ form: String) throws -> PlainHTTP.Answer {
        try suite.form("/oauth2/token", form, headers: [basic])
    }

    func introspect(_ token: String) throws -> JSONValue {
        let answer = try suite.form("/oauth2/introspect", "token=\(token)", headers: [basic])
        guard answer.status == 200 else { throw ChildProcess.Failure("introspect: \(answer.status) \(answer.body)") }
        return try JSONParser.parse(answer.body.utf8)
    }
}

@Suite("OAuth", .timeLimit(.minutes(3)))
struct OAuthTests {
    @Test("of two Authorization fields none proves who the client is")
    func twoProofs() throws {
        let client = try Client(SharedSuite.get())
        let stranger = "Authorization: Basic " + Data("stranger:secret".utf8).base64EncodedString()
        for headers in [[client.basic, stranger], [stranger, client.basic], [client.basic, client.basic]] {
            let answer = try client.suite.form("/oauth2/introspect", "token=x", headers: headers)
            #expect(answer.status == 400 || answer.status == 401, "\(answer.status)")
        }
    }

    @Test(
        "errors are those of RFC 6749, in its shape",
        arguments: [
            ("", 400, "invalid_request"), ("grant_type=refresh_token", 401, "invalid_client"),
            ("grant_type=refresh_token&client_id=gatehouse", 400, "invalid_request"),
            ("grant_type=refresh_token&client_id=gatehouse&refresh_token=", 400, "invalid_request"),
            ("grant_type=refresh_token&client_id=gatehouse&refresh_token=ghr_x", 400, "invalid_grant"),
            ("grant_type=refresh_token&client_id=nobody&refresh_token=x", 401, "invalid_client"),
            ("grant_type=refresh_token&client_id=gatehouse&client_secret=x&refresh_token=x", 401, "invalid_client"),
            ("grant_type=implicit&client_id=gatehouse", 400, "unsupported_grant_type"),
            ("grant_type=authorization_code&client_id=gatehouse&code=x", 400, "unsupported_grant_type"),
            ("grant_type=client_credentials&client_id=gatehouse", 400, "unauthorized_client"),
            ("grant_type=password&grant_type=password&client_id=gatehouse", 400, "invalid_request"),
            ("grant_type=password&client_id=gatehouse&username=a", 400, "invalid_request"),
            ("grant_type=password&client_id=gatehouse&username=nobody&password=x", 400, "invalid_grant"),
            ("grant_type=password&client_id=gatehouse&username=a&password=x&scope=%22", 400, "invalid_scope"),
            ("grant_type=password&client_id=gatehouse&username=a&password=x&scope=admin", 400, "invalid_scope"),
            ("grant_type=password&client_id=gatehouse&username=a&password=x&resource=urn:x", 400, "invalid_target"),
            ("grant_type=%zz&client_id=gatehouse", 400, "invalid_request"),
            ("grant_type=&grant_type=password&client_id=gatehouse", 400, "invalid_request"),
            ("grant_type=password&client_id=gate%00house&username=a&password=x", 400, "invalid_request"),
        ])
    func errors(form: String, status: Int, code: String) throws {
        let answer = try SharedSuite.get().form("/oauth2/token", form)
        #expect(answer.status == status)
        #expect(answer.body.contains(#""error":"\#(code)""#), "\(answer.body)")
        #expect(answer.header("content-type") == "application/json")
        #expect(answer.header("cache-control") == "no-store")
    }

    @Test("a body that is no form is refused")
    func json() throws {
        let answer = try SharedSuite.get().post("/oauth2/token", #"{"grant_type":"password"}"#)
        #expect(answer.status == 400)
        #expect(answer.body.contains("invalid_request"))
    }

    @Test("a client proves itself in the header or the body, not in both, and is challenged by what it tried")
    func clientAuthentication() throws {
        let suite = try SharedSuite.get()
        let client = try Client(suite, #""scopes":["a","b"]"#)
        let grant = "grant_type=client_credentials"
        #expect(try client.token(grant).status == 200)
        let posted = "\(grant)&client_id=\(client.id)&client_secret=\(client.secret)"
        #expect(try suite.form("/oauth2/token", posted).status == 200)
        #expect(try client.token(posted).status == 400)
        #expect(try client.token("\(grant)&client_id=other").status == 400)
        #expect(try suite.form("/oauth2/token", "\(grant)&client_id=\(client.id)").status == 401)
        for secret in ["x", client.secret + "x", String(client.secret.dropLast()), ""] {
            let pair = Data("\(client.id):\(secret)".utf8).base64EncodedString()
            let answer = try suite.form("/oauth2/token", grant, headers: ["Authorization: Basic \(pair)"])
            #expect(answer.status == 401)
            #expect(answer.header("www-authenticate")?.hasPrefix("Basic") == true)
        }
        #expect(
            try suite.form("/oauth2/token?client_id=\(client.id)&client_secret=\(client.secret)", grant).status == 401)
        #expect(try suite.form("/oauth2/token", grant, headers: ["Authorization: Basic !!"]).status == 401)
        for pair in ["a\0b:x", "%00:x", "a b:x", String(repeating: "a", count: 65) + ":x"] {
            let basic = "Authorization: Basic " + Data(pair.utf8).base64EncodedString()
            #expect(try suite.form("/oauth2/token", grant, headers: [basic]).status == 401)
        }
    }

    @Test("a client's own token has its id as subject, the scope it asked for, and no refresh token")
    func clientCredentials() throws {
        let suite = try SharedSuite.get()
        let client = try Client(suite, #""scopes":["a","b"],"audiences":["https://api.example/\#(uniqueName())"]"#)
        let answer = try JSONParser.parse(client.token("grant_type=client_credentials&scope=b").body.utf8)
        #expect(answer["scope"]?.string == "b")
        #expect(answer["refresh_token"] == nil)
        let access = try #require(answer["access_token"]?.string)
        let known = try client.introspect(access)
        #expect(known["sub"]?.string == client.id)
        #expect(known["scope"]?.string == "b")
        #expect(try suite.me(access).status == 403, "a client is nobody that has an account")
        #expect(try client.token("grant_type=client_credentials&scope=c").body.contains("invalid_scope"))
        #expect(try client.token("grant_type=client_credentials&resource=urn:unknown").body.contains("invalid_target"))
    }

    @Test("a token for a resource is good there and not here; only who it is for may ask about it")
    func audiences() throws {
        let suite = try SharedSuite.get()
        let resource = "https://api.example/\(uniqueName())"
        let server = try Client(suite, #""audiences":["\#(resource)"]"#)
        let (client, stranger) = (try Client(suite), try Client(suite))
        let answer = try client.token("grant_type=client_credentials&resource=\(resource)")
        let access = try #require(JSONParser.parse(answer.body.utf8)["access_token"]?.string)
        #expect(try suite.me(access).status == 401)
        #expect(try server.introspect(access)["aud"]?.string == resource)
        #expect(try client.introspect(access)["active"] == .bool(true))
        let told = try suite.form("/oauth2/introspect", "token=\(access)", headers: [stranger.basic])
        #expect(told.body == #"{"active":false}"#)
        #expect(try suite.form("/oauth2/introspect", "token=\(access)").status == 401)
        #expect(try suite.form("/oauth2/introspect", "token=\(access)&client_id=gatehouse").status == 401)
        for nonsense in ["x", "ghr_x", access + "x"] {
            let answer = try suite.form("/oauth2/introspect", "token=\(nonsense)", headers: [server.basic])
            #expect(answer.body == #"{"active":false}"#)
        }
    }

    @Test("revocation: unknown 200, another client's refused and left alone, one's own dead at once")
    func revocation() throws {
        let suite = try SharedSuite.get()
        let client = try Client(suite)
        let tokens = try Person(suite).login()
        func revoke(_ token: String, _ headers: [String], _ more: String = "") throws -> PlainHTTP.Answer {
            try suite.form("/oauth2/revoke", "token=\(token)\(more)", headers: headers)
        }
        #expect(try revoke("nonsense", [client.basic]).status == 200)
        #expect(try revoke(tokens.refresh, [client.basic]).body.contains("unauthorized_client"))
        #expect(try revoke(tokens.access, [client.basic]).body.contains("unauthorized_client"))
        #expect(try suite.me(tokens.access).status == 200)
        let second = try Tokens(suite.refresh(tokens.refresh).body)
        let own = "&client_id=gatehouse&token_type_hint=refresh_token"
        let revoked = try revoke(second.access, [], own)
        #expect(revoked.status == 200)
        #expect(revoked.body.isEmpty)
        #expect(try suite.me(second.access).status == 401, "the access token alone")
        #expect(try suite.me(tokens.access).status == 200)
        #expect(try revoke(second.refresh, [], own).status == 200)
        #expect(try suite.me(tokens.access).status == 401, "with the refresh token the session")
        #expect(try suite.refresh(second.refresh).status == 401)
        #expect(try revoke(second.refresh, [], own).status == 200)
        let third = try Person(suite).login()
        #expect(try suite.post("/api/v1/auth/revoke", #"{"refresh_token":"\#(third.refresh)"}"#).status == 204)
        #expect(try suite.me(third.access).status == 401)
    }

    @Test("introspection knows of a session's end, of roles that changed, and of a refresh token's use")
    func introspection() async throws {
        let suite = try SharedSuite.get()
        let issuer = "http://localhost:\(suite.gateway.port)"
        let server = try Client(suite, #""audiences":["\#(issuer)"]"#)
        let person = try Person(suite)
        let tokens = try person.login()
        let known = try server.introspect(tokens.access)
        #expect(known["active"] == .bool(true))
        #expect(known["username"]?.string == person.name)
        #expect(known["token_type"]?.string == "Bearer")
        let roles = try suite.send(
            "PUT", "/api/v1/admin/users/\(person.id)/roles", #"{"roles":["USER","MODERATOR"]}"#,
            bearer: suite.superuser())
        #expect(roles.status == 200)
        try await eventually { try server.introspect(tokens.access)["active"] == .bool(false) }
        let next = try Tokens(suite.refresh(tokens.refresh).body)
        #expect(try server.introspect(next.access)["active"] == .bool(true))
        #expect(try suite.logout(next.access).status == 204)
        #expect(try server.introspect(next.access)["active"] == .bool(false))
    }

    @Test("what introspection remembers of a token follows its user's name, its client and its own end")
    func remembered() async throws {
        let suite = try SharedSuite.get()
        let server = try Client(suite, #""audiences":["http://localhost:\#(suite.gateway.port)"]"#)
        let person = try Person(suite)
        let tokens = try person.login()
        for _ in 0..<3 { #expect(try server.introspect(tokens.access)["username"]?.string == person.name) }
        let name = uniqueName()
        #expect(
            try suite.send("PATCH", "/api/v1/users/me", #"{"username":"\#(name)"}"#, bearer: tokens.access).status
                == 200)
        try await eventually { try server.introspect(tokens.access)["username"]?.string == name }
        // Whom the token is not for learns no more from a token that is remembered than from one that is not.
        #expect(try Client(suite).introspect(tokens.access)["active"] == .bool(false))
        let ended = try suite.send(
            "DELETE", "/api/v1/admin/users/\(person.id)/logout-all", bearer: suite.superuser())
        #expect(ended.status == 200)
        try await eventually { try server.introspect(tokens.access)["active"] == .bool(false) }

        let other = try Client(suite)
        let access = try #require(
            JSONParser.parse(other.token("grant_type=client_credentials").body.utf8)["access_token"]?.string)
        let id = try #require(try server.introspect(access)["jti"]?.string)
        for _ in 0..<3 { #expect(try server.introspect(access)["active"] == .bool(true)) }
        func revoke() throws -> Int {
            try suite.form("/oauth2/revoke", "token=\(access)", headers: [other.basic]).status
        }
        #expect(try revoke() == 200)
        // The other instance of token has to hear of it first.
        try await eventually {
            try (0..<6).allSatisfy { _ in try server.introspect(access)["active"] == .bool(false) }
        }
        // To take it back again is no news, and leaves nothing behind.
        func told() throws -> String {
            try suite.sql("select count(*) from events where kind = 'token.revoked' and subject_id = '\(id)'")
        }
        let before = try told()
        for _ in 0..<6 { #expect(try revoke() == 200) }
        #expect(try told() == before)
    }

    @Test("the metadata is found at both places, names only what there is, and is the issuer's to the letter")
    func metadata() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant().slug
        for (path, issuer) in [
            ("/.well-known/oauth-authorization-server", "http://localhost:\(suite.gateway.port)"),
            (
                "/.well-known/oauth-authorization-server/t/\(tenant)",
                "http://localhost:\(suite.gateway.port)/t/\(tenant)"
            ),
            (
                "/t/\(tenant)/.well-known/oauth-authorization-server",
                "http://localhost:\(suite.gateway.port)/t/\(tenant)"
            ),
        ] {
            let answer = try suite.gateway.send("GET", path, headers: ["X-Forwarded-Host: evil.example"])
            let json = try JSONParser.parse(answer.body.utf8)
            #expect(json["issuer"]?.string == issuer)
            #expect(json["token_endpoint"]?.string == issuer + "/oauth2/token")
            #expect(answer.header("cache-control") == "public, max-age=300")
            let tag = try #require(answer.header("etag"))
            #expect(try suite.gateway.send("GET", path, headers: ["If-None-Match: \(tag)"]).status == 304)
            guard case .array(let grants)? = json["grant_types_supported"] else { continue }
            for grant in grants.compactMap(\.string) {
                let answer = try suite.form("/oauth2/token", "grant_type=\(grant)&client_id=gatehouse")
                #expect(!answer.body.contains("unsupported_grant_type"))
            }
        }
    }

    @Test("a token, a refresh token or an id of another tenant is as good as none")
    func tenants() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant().slug
        let (here, there) = (try Person(suite).login(), try Person(suite, tenant: tenant).login())
        #expect(try suite.me(there.access, tenant: tenant).status == 200)
        #expect(try suite.me(there.access).status == 401)
        #expect(try suite.me(here.access, tenant: tenant).status == 401)
        #expect(try suite.refresh(there.refresh).status == 401)
        #expect(try suite.refresh(there.refresh, tenant: tenant).status == 200, "it was not used up elsewhere")
        let deleted = try suite.send("DELETE", "/api/v1/users/me/sessions/\(there.session)", bearer: here.access)
        #expect(deleted.status == 404)
        #expect(try suite.me(there.access, tenant: tenant).status == 200)
    }
}
