import Glibc
import Testing

@testable import Mail

/// Against a real server with TLS and logins.
@Suite(.serialized) struct SMTPSecurityTests {
    private let certificate: TestCertificate

    init() throws {
        certificate = try TestCertificate()
    }

    @Test("STARTTLS and TLS from the start carry login and mail", arguments: ["starttls", "implicit"])
    func encrypted(tls: String) throws {
        let sink = try sink(tls)
        try transport(sink, tls: tls).deliver(try Samples.mail())
        let taken = try sink.mail()
        #expect(taken.tls)
        #expect(taken.login == "ada")
    }

    @Test("each mechanism logs in", arguments: ["PLAIN", "LOGIN"])
    func mechanisms(name: String) throws {
        let sink = try sink("starttls", "--mechanisms", name)
        try transport(sink).deliver(try Samples.mail())
        #expect(try sink.mail().login == "ada")
    }

    @Test("a server without STARTTLS gets neither login nor mail where TLS is required, and both where it isn't")
    func stripped() throws {
        let sink = try SMTPSink("--login", "ada:secret word")
        #expect(isTemporary(failure(try transport(sink))))
        try transport(sink, security: .opportunistic).deliver(try Samples.mail(id: "open"))
        let taken = try sink.mail()
        #expect(taken.header("Message-ID") == "<open@example.com>")
        #expect(!taken.tls)
    }

    @Test("opportunistic takes TLS where it is offered")
    func opportunistic() throws {
        let sink = try sink("starttls")
        try transport(sink, security: .opportunistic).deliver(try Samples.mail())
        #expect(try sink.mail().tls)
    }

    @Test("a certificate nobody vouches for is a temporary error", arguments: ["starttls", "implicit"])
    func untrusted(tls: String) throws {
        let sink = try sink(tls)
        let error = failure(try transport(sink, tls: tls, trusts: false))
        #expect(isTemporary(error))
        #expect("\(String(describing: error))".contains("certificate"))
    }

    @Test("a certificate for another name is a temporary error")
    func otherName() throws {
        let sink = try sink("starttls")
        let error = failure(try transport(sink, host: "localhost"))
        #expect(isTemporary(error))
        #expect("\(String(describing: error))".contains("certificate"))
    }

    @Test("a wrong password is a temporary error that holds it in no form, even when the server repeats it")
    func wrongPassword() throws {
        let sink = try sink("starttls")
        let error = failure(try transport(sink, password: "wrong word"))
        #expect(isTemporary(error))
        let text = "\(String(describing: error))"
        #expect(text.contains("535 5.7.8"))
        // The last is base64 of NUL ada NUL wrong word.
        for secret in ["wrong", "d3Jvbmcgd29yZA", "AGFkYQB3cm9uZyB3b3Jk"] { #expect(!text.contains(secret)) }
    }

    @Test("a server that wants a login and gets none is a temporary error")
    func noLogin() throws {
        let sink = try SMTPSink("--login", "ada:secret word")
        let server = try #require(SMTPServer("smtp://127.0.0.1:\(sink.port)", security: .off))
        #expect(
            failure(SMTPTransport(server: server, sender: try Samples.sender()))
                == .temporary("MAIL failed: 530 (server: 530 5.7.0 log in first)"))
    }

    private func sink(_ tls: String, _ arguments: String...) throws -> SMTPSink {
        let tls = ["--tls", tls, "--certificate", certificate.certificate, "--key", certificate.key]
        return try SMTPSink(tls + ["--login", "ada:secret word"] + arguments)
    }

    private func transport(
        _ sink: SMTPSink, tls: String = "starttls", host: String = "127.0.0.1", security: SMTPSecurity = .required,
        password: String = "secret word", trusts: Bool = true
    ) throws -> SMTPTransport {
        let server = try #require(
            SMTPServer(
                "\(tls == "implicit" ? "smtps" : "smtp")://\(host):\(sink.port)",
                credentials: SMTPCredentials(username: "ada", password: password), security: security,
                authorities: trusts ? certificate.certificate : nil))
        return SMTPTransport(server: server, sender: try Samples.sender())
    }

    private func failure(_ transport: SMTPTransport) -> MailError? {
        #expect(throws: MailError.self) { try transport.deliver(try Samples.mail()) }
    }

    private func isTemporary(_ error: MailError?) -> Bool {
        if case .temporary = error { true } else { false }
    }
}
