import FoundationEssentials
import Kit

/// Who a command speaks for.
protocol Credentials {
    /// An access token that has not ended by this machine's clock.
    func token() throws(Failure) -> String
    /// Another access token in the place of one that was refused; nil where there is none.
    func renewed(refused token: String) throws(Failure) -> String?
}

/// A token that was given, as in CI.
struct GivenToken: Credentials {
    let text: String

    func token() throws(Failure) -> String { text }
    func renewed(refused token: String) throws(Failure) -> String? { nil }
}

/// The login of a site, renewed by its refresh token. That is good for one use, so that one process renews at a time;
/// those that waited find the new tokens in the file.
struct SessionCredentials: Credentials {
    let site: Site
    let store: LoginStore
    let transport: any Transport
    /// Seconds since 1970.
    var now: @Sendable () -> Int = { Int(Date().timeIntervalSince1970) }

    /// Seconds before its end at which a token is renewed, for the way to the server.
    static let margin = 5

    /// What the environment or a login says.
    static func find(_ site: Site, _ transport: any Transport) throws(Failure) -> any Credentials {
        let environment = ProcessInfo.processInfo.environment
        if let token = try given(environment) { return token }
        return SessionCredentials(site: site, store: try LoginStore(environment: environment), transport: transport)
    }

    /// The token that the environment gives, if any.
    static func given(_ environment: [String: String]) throws(Failure) -> GivenToken? {
        let token = environment.given("GATEHOUSE_TOKEN")
        guard let path = environment.given("GATEHOUSE_TOKEN_FILE") else { return try token.map(checked) }
        guard token == nil else { throw .usage("GATEHOUSE_TOKEN and GATEHOUSE_TOKEN_FILE are both given") }
        return try checked(SecretInput.file(path, as: "GATEHOUSE_TOKEN_FILE"))
    }

    /// A token is sent in a field of a request: nothing in it may begin another.
    private static func checked(_ token: String) throws(Failure) -> GivenToken {
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .usage(
                "the access token that the environment gives is none: it has spaces or characters beyond ASCII")
        }
        return GivenToken(text: token)
    }

    func token() throws(Failure) -> String {
        let tokens = try present()
        guard isOver(tokens) else { return tokens.access }
        return try renew { isOver($0) }
    }

    func renewed(refused token: String) throws(Failure) -> String? {
        try renew { $0.access == token }
    }

    private func isOver(_ tokens: StoredLogin.Tokens) -> Bool { tokens.accessEnds - Self.margin <= now() }

    private func present() throws(Failure) -> StoredLogin.Tokens {
        guard let tokens = try store.login(of: site)?.tokens else {
            throw .notSignedIn("nobody is signed in at \(site.title); gatehouse login does that")
        }
        return tokens
    }

    /// Gets new tokens where those in the file are still the ones that won't do.
    private func renew(where isDue: (StoredLogin.Tokens) -> Bool) throws(Failure) -> String {
        try store.locked(site) { () throws(Failure) in
            let tokens = try present()
            guard isDue(tokens), var login = try store.login(of: site) else { return tokens.access }
            let body = JSONText.bytes(.object([.init("refresh_token", .string(tokens.refresh))]))
            let answer = try transport.send(APIRequest("POST", "/api/v1/auth/refresh", body: body), to: site)
            if answer.status == 400 || answer.status == 401 {
                login.tokens = nil
                try store.write(login, of: site)
                throw .notSignedIn("the login at \(site.title) has ended; gatehouse login begins another")
            }
            guard answer.status < 400 else { throw .refused(Refusal(answer)) }
            guard let json = try APIClient.json(answer), let renewed = StoredLogin.Tokens(answer: json, now: now())
            else { throw .failed("the answer to a refresh holds no tokens; is \(site.base) a Gatehouse?") }
            login.tokens = renewed
            try store.write(login, of: site)
            return renewed.access
        }
    }
}
