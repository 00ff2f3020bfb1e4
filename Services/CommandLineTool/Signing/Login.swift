import ArgumentParser
import FoundationEssentials
import Glibc
import Kit

/// Signs in and keeps the session.
struct Login: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign in, and stay so for the commands that follow.",
        discussion: """
            The password is asked for, or read from --password-file or standard input. The tokens are kept in \
            $XDG_CONFIG_HOME/gatehouse/logins, readable by you alone, and renewed when they have to be.
            """)

    @Argument(help: "E-mail address or username.") var user: String?
    @Option(help: "A file that holds the password; - for standard input.", completion: .file()) var passwordFile:
        String?
    @Option(help: "What the list of sessions calls this one.") var deviceName: String?
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let site = try connection.site()
        let store = try LoginStore(environment: ProcessInfo.processInfo.environment)
        let output = connection.output
        if !site.base.isSecure, !site.isLoopback {
            output.note("\(site.base) is not encrypted: others on the way can read the password")
        }
        if try SessionCredentials.given(ProcessInfo.processInfo.environment) != nil {
            output.note("the environment gives an access token, which goes before any login")
        }
        let user = try self.user ?? Self.asked()
        let password = try SecretInput.password(file: passwordFile, asking: "Password of \(user) at \(site.base): ")
        let answer = try store.locked(site) { () throws(Failure) in
            let known = try store.login(of: site)
            let device = known?.user == user ? known?.device : nil
            var members: [JSONValue.Member] = [
                .init("username_or_email", .string(user)), .init("password", .string(password)),
            ]
            if let deviceName { members.append(.init("device_name", .string(deviceName))) }
            if let device { members.append(.init("device_token", .string(device))) }
            let request = APIRequest("POST", "/api/v1/auth/login", body: JSONText.bytes(.object(members)))
            let answer = try connection.transport.send(request, to: site)
            guard answer.status < 400 else { throw .refused(Refusal(answer)) }
            guard let json = try APIClient.json(answer),
                let tokens = StoredLogin.Tokens(answer: json, now: Int(Date().timeIntervalSince1970))
            else { throw .failed("the answer to the login holds no tokens; is \(site.base) a Gatehouse?") }
            let login = StoredLogin(user: user, device: json["device_token"]?.string ?? device, tokens: tokens)
            try store.write(login, of: site)
            return json
        }
        // The tokens are in the file and belong nowhere else.
        let shown = ["session_id", "expires_in"].compactMap { name in
            answer[name].map { JSONValue.Member(name, $0) }
        }
        if connection.json { output.print(json: .object([.init("user", .string(user))] + shown)) }
        output.done("\(user) is signed in at \(site.title).")
    }

    private static func asked() throws(Failure) -> String {
        guard isatty(STDIN_FILENO) == 1 else { throw .usage("who is to sign in? gatehouse login USER") }
        StandardStream.error.write("E-mail address or username: ")
        guard let user = readLine(strippingNewline: true), !user.isEmpty else {
            throw .usage("no name was given")
        }
        return user
    }
}

/// Ends the session.
struct Logout: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End the session and forget its tokens.")

    @Flag(help: "Forget the tokens without asking the server, where the session goes on until it ends by itself.")
    var forget = false
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let site = try connection.site()
        let store = try LoginStore(environment: ProcessInfo.processInfo.environment)
        try store.locked(site) { () throws(Failure) in
            guard var login = try store.login(of: site), let tokens = login.tokens else {
                throw .notSignedIn("nobody is signed in at \(site.title)")
            }
            if !forget {
                let body = JSONText.bytes(.object([.init("refresh_token", .string(tokens.refresh))]))
                let answer = try connection.transport.send(
                    APIRequest("POST", "/api/v1/auth/revoke", body: body), to: site)
                guard answer.status < 400 else { throw .refused(Refusal(answer)) }
            }
            login.tokens = nil
            try store.write(login, of: site)
        }
        connection.output.done("Signed out at \(site.title).")
    }
}

/// Says who is signed in.
struct WhoAmI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Say who is signed in, and with which roles.")

    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let answer = try connection.client().send(APIRequest("GET", "/api/v1/auth/me"))
        try connection.output.show(answer)
    }
}
