import FoundationEssentials
import GatehouseTesting
import Testing

@testable import Mail

/// Against a real server without TLS, a process of its own.
@Suite(.serialized) struct SMTPTransportTests {
    @Test("the server takes a mail byte for byte, from the sender to the recipient")
    func delivers() throws {
        let sink = try SMTPSink()
        let mail = try Samples.mail(subject: "Hello", text: ".\n..\nhttps://a.example/?token=x.y\n.")
        try transport(sink).deliver(mail)
        let taken = try sink.mail()
        #expect(taken.from == "no-reply@example.com")
        #expect(taken.to == ["ada@example.org"])
        #expect(
            taken.message
                == Data(MailMessage(mail, sender: try Samples.sender(), date: Samples.date).bytes))
        #expect(taken.text == mail.text + "\n")
        #expect(!taken.tls && !taken.smtputf8 && taken.login == nil)
    }

    @Test("another program reads subjects as they were, and no field that wasn't meant")
    func subjects() throws {
        let sink = try SMTPSink()
        for subject in HeaderFieldTests.awkward.map(\.text) {
            try transport(sink).deliver(try Samples.mail(subject: subject))
            let taken = try sink.mail()
            let words = subject.unicodeScalars.split { $0 == " " || HeaderField.endsLine($0) }
            #expect(taken.subject == words.map { String(String.UnicodeScalarView($0)) }.joined(separator: " "))
            #expect(
                taken.headers.map { $0[0] } == [
                    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
                    "Content-Transfer-Encoding",
                ])
        }
    }

    @Test("another program reads texts as they were")
    func texts() throws {
        let sink = try SMTPSink()
        for text in QuotedPrintableTests.texts.map(\.text) {
            try transport(sink).deliver(try Samples.mail(text: text))
            let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
            #expect(try sink.mail().text == (lines.isEmpty || lines.hasSuffix("\n") ? lines : lines + "\n"))
        }
    }

    @Test("another program reads sender names as they were")
    func senders() throws {
        let sink = try SMTPSink()
        for name in ["Gate, Inc.", "Torhüter 🏰", String(repeating: "Schloßgärtnerei ", count: 12) + "x"] {
            let sender = try Samples.sender("\(name) <no-reply@example.com>")
            try SMTPTransport(server: try server(sink), sender: sender).deliver(try Samples.mail())
            let expected = name.contains(",") ? "\"\(name)\"" : name
            #expect(try sink.mail().header("From") == "\(expected) <no-reply@example.com>")
        }
    }

    @Test("a large mail arrives whole")
    func large() throws {
        let sink = try SMTPSink()
        let text = (0..<5000).map { "line \($0) with ümlauts and . dots" }.joined(separator: "\n") + "\n"
        try transport(sink).deliver(try Samples.mail(text: text))
        #expect(try sink.mail().text == text)
    }

    @Test("the name given in EHLO is the one asked for")
    func clientName() throws {
        let sink = try SMTPSink()
        let server = try #require(SMTPServer("smtp://127.0.0.1:\(sink.port)/id.example.com", security: .off))
        try SMTPTransport(server: server, sender: try Samples.sender()).deliver(try Samples.mail())
        #expect(try sink.mail().client == "id.example.com")
    }

    @Test("an international address is given to a server that knows SMTPUTF8", arguments: ["jörg", "ada"])
    func international(local: String) throws {
        let sink = try SMTPSink()
        try transport(sink).deliver(try Samples.mail(to: "\(local)@bücher.example"))
        let taken = try sink.mail()
        #expect(taken.smtputf8)
        #expect(["\(local)@bücher.example", "\(local)@xn--bcher-kva.example"].contains(taken.to.first))
        #expect(taken.header("To") == "\(local)@bücher.example")
    }

    @Test("an international address is a permanent error at a server that doesn't, which takes no mail")
    func notInternational() throws {
        let sink = try SMTPSink("--no-smtputf8")
        let error = failure(try transport(sink), try Samples.mail(to: "jörg@example.org"))
        guard case .permanent(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("SMTPUTF8"))
        try transport(sink).deliver(try Samples.mail(id: "next"))
        #expect(try sink.mail().header("Message-ID") == "<next@example.com>")
    }

    @Test("4xx is temporary, says what the server said, and the next attempt may succeed")
    func temporary() throws {
        let sink = try SMTPSink("--fail-first", "1")
        let mail = try Samples.mail()
        #expect(
            failure(try transport(sink), mail)
                == .temporary("RCPT failed: 451 (server: 451 4.3.0 try again later)"))
        try transport(sink).deliver(mail)
        #expect(try sink.mail().to == ["ada@example.org"])
    }

    @Test("5xx for the recipient is permanent")
    func bounce() throws {
        let sink = try SMTPSink()
        #expect(
            failure(try transport(sink), try Samples.mail(to: "bounce-1@example.org"))
                == .permanent("RCPT failed: 550 (server: 550 5.1.1 bounce-1@example.org: no such user)"))
    }

    @Test("5xx for the sender is the settings' fault: temporary, with all the server's lines")
    func sender() throws {
        let sink = try SMTPSink("--refuse-sender")
        #expect(
            failure(try transport(sink), try Samples.mail())
                == .temporary("MAIL failed: 550 (server: 550 5.7.1 this sender 5.7.1 is not welcome)"))
    }

    @Test(
        "a refused message is permanent or temporary by its code, and the error doesn't quote it",
        arguments: [554, 452])
    func message(code: Int) throws {
        let sink = try SMTPSink("--refuse-message", "\(code)")
        let error = failure(try transport(sink), try Samples.mail(text: "https://a.example/token"))
        let text = try #require(error.map { "\($0)" })
        #expect(!text.contains("token"))
        #expect(text.contains("(server: \(code) \(code / 100).7.1)"))
        if case .permanent = error { #expect(code == 554) } else { #expect(code == 452) }
    }

    @Test("a server that greets with 554 is a temporary error")
    func greeting() throws {
        let sink = try SMTPSink("--greeting", "554 no service here")
        let error = failure(try transport(sink), try Samples.mail())
        guard case .temporary(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("554 no service here"))
    }

    @Test("no server is a temporary error")
    func nobody() throws {
        let port = try #require(try FreePort.take(1).first)
        let server = try #require(SMTPServer("smtp://127.0.0.1:\(port)", security: .off))
        let error = failure(SMTPTransport(server: server, sender: try Samples.sender()), try Samples.mail())
        guard case .temporary = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("a server that says nothing is a temporary error when the time is over")
    func silence() throws {
        let sink = try SMTPSink("--silent")
        var server = try server(sink)
        server.timeout = .milliseconds(300)
        let error = failure(SMTPTransport(server: server, sender: try Samples.sender()), try Samples.mail())
        guard case .temporary(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.lowercased().contains("time"))
    }

    private func server(_ sink: SMTPSink) throws -> SMTPServer {
        try #require(SMTPServer("smtp://127.0.0.1:\(sink.port)", security: .off))
    }

    private func transport(_ sink: SMTPSink) throws -> SMTPTransport {
        SMTPTransport(server: try server(sink), sender: try Samples.sender(), now: { Samples.date })
    }

    private func failure(_ transport: SMTPTransport, _ mail: Mail) -> MailError? {
        #expect(throws: MailError.self) { try transport.deliver(mail) }
    }
}
