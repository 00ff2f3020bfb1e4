import Testing

@testable import Mail

@Suite struct SMTPServerTests {
    @Test(
        "addresses are read",
        arguments: [
            ("smtp://mail.example.com", "smtp://mail.example.com:587/"),
            ("smtp://mail.example.com:25", "smtp://mail.example.com:25/"),
            ("SMTPS://mail.example.com", "smtps://mail.example.com:465/"),
            ("smtps://10.0.0.1:2465/", "smtps://10.0.0.1:2465/"),
            ("smtp://[::1]:25", "smtp://[::1]:25/"),
            ("smtp://[::1]", "smtp://[::1]:587/"),
            ("smtp://mail/id.example.com", "smtp://mail:587/id.example.com"),
        ])
    func reads(text: String, url: String) throws {
        #expect(try #require(SMTPServer(text)).url == url)
    }

    @Test(
        "other addresses are refused",
        arguments: [
            "", "mail.example.com", "http://mail", "smtp://", "smtp://:25", "smtp://mail:0", "smtp://mail:65536",
            "smtp://mail:", "smtp://mail:x", "smtp://mail:+5", "smtp://user@mail", "smtp://user:word@mail",
            "smtp://ma il", "smtp://mail/a/b", "smtp://mail/a\r\nMAIL", "smtp://mail?x", "smtp://mail#x",
            "smtp://[mail]:25", "smtp://[::1", "smtp://::1", "smtp://mail\u{0}", "smtp://mäil",
        ])
    func refuses(text: String) {
        #expect(SMTPServer(text) == nil)
    }

    @Test("STARTTLS is required unless said otherwise")
    func defaults() throws {
        #expect(try #require(SMTPServer("smtp://mail")).security == .required)
    }

    @Test("a login that can't be sent is refused", arguments: [("", "word"), ("a\u{0}", "word"), ("a", "wo\u{0}rd")])
    func credentials(username: String, password: String) {
        #expect(SMTPCredentials(username: username, password: password) == nil)
    }

    @Test("a printed server shows no password")
    func redaction() throws {
        let credentials = try #require(SMTPCredentials(username: "ada", password: "secret word"))
        let server = try #require(SMTPServer("smtp://mail", credentials: credentials))
        var dumped = ""
        dump(server, to: &dumped)
        for text in ["\(server)", String(reflecting: server), dumped, "\(credentials)"] {
            #expect(!text.contains("secret word"))
        }
    }
}
