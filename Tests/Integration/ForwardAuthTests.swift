import GatehouseTesting
import Testing

@Suite("For another proxy", .serialized, .timeLimit(.minutes(2)))
struct ForwardAuthTests {
    private static let started = Result {
        try RunningSuite(settings: [
            "TRUSTED_PROXIES=127.0.0.1", "FORWARD_AUTH_LOGIN_URL=https://login.example/start",
            "FORWARD_AUTH_HOSTS=app.example",
        ])
    }

    private func ask(_ query: String = "", _ headers: [String]) throws -> PlainHTTP.Answer {
        try Self.started.get().gateway.send("GET", "/forward-auth\(query)", headers: headers)
    }

    @Test("a good token is 200 with who it is, what is missing 403, and nothing that the caller said of itself counts")
    func judged() throws {
        let suite = try Self.started.get()
        let person = try Person(suite)
        let tokens = try person.login()
        let good = try ask("", [tokens.bearer, "X-Auth-Subject: somebody", "X-Auth-Roles: superuser"])
        #expect(good.status == 200)
        #expect(good.headers.filter { $0.name == "x-auth-subject" }.map(\.value) == [person.id])
        #expect(good.header("x-auth-roles") == "USER")
        #expect(good.header("x-auth-tenant") == "default")
        #expect(try ask("?roles=ADMIN,USER", [tokens.bearer]).status == 200)
        #expect(try ask("?roles=ADMIN", [tokens.bearer]).status == 403)
        #expect(try ask("?scope=orders", [tokens.bearer]).status == 403)
        #expect(try ask("?nonsense=1", [tokens.bearer]).status == 400)
        #expect(try suite.logout(tokens.access).status == 204)
        #expect(try ask("", [tokens.bearer]).status == 401)
    }

    @Test("a page without a token is led to the login and back to hosts that are named; a program gets 401")
    func login() throws {
        let page = ["Accept: text/html", "X-Forwarded-Host: app.example", "X-Forwarded-Uri: /a?b=c"]
        let sent = try ask("", page)
        #expect(sent.status == 302)
        #expect(
            sent.header("location") == "https://login.example/start?return_to=https%3A%2F%2Fapp.example%2Fa%3Fb%3Dc")
        for (header, value) in [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Uri", "//evil.example/")] {
            let other = page.filter { !$0.hasPrefix(header) } + ["\(header): \(value)"]
            #expect(try ask("", other).header("location") == "https://login.example/start")
        }
        for headers in [
            ["Accept: application/json"], page + ["X-Requested-With: XMLHttpRequest"],
            page + ["X-Forwarded-Method: POST"],
        ] {
            let refused = try ask("", headers)
            #expect(refused.status == 401)
            #expect(refused.header("www-authenticate") == "Bearer")
        }
    }

    @Test("what a stranger says of the original request is not believed")
    func strangers() throws {
        let suite = try SharedSuite.get()
        let page = ["Accept: text/html", "X-Forwarded-Host: app.example", "X-Forwarded-Uri: /"]
        #expect(try suite.gateway.send("GET", "/forward-auth", headers: page).status == 401)
    }
}
