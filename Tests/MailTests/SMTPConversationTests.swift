import Testing

@testable import Mail

@Suite struct SMTPConversationTests {
    @Test("a reply of many lines is one, with its enhanced code")
    func manyLines() {
        var reply = SMTPReply(line: "550-5.7.1 not\r\n")
        #expect(reply?.isWhole == false)
        reply?.append(line: "550 5.7.1 welcome\r\n")
        #expect(reply?.isWhole == true)
        #expect(reply?.text == "5.7.1 not 5.7.1 welcome")
        #expect(reply?.status == "550 5.7.1")
    }

    @Test("what isn't a reply is none", arguments: ["", "\r\n", "25", "abc hello", "+25 x", "999 x", "hello"])
    func noReply(line: String) {
        #expect(SMTPReply(line: line) == nil)
    }

    @Test("control characters of a reply become spaces, and it is cut to 300 characters")
    func printable() {
        #expect(SMTPReply(line: "550 a\u{1B}[31m\tb\u{0}\r\n")?.text == "a [31m b")
        var reply = SMTPReply(line: "550-" + String(repeating: "x", count: 5000))
        reply?.append(line: "550 y")
        #expect(reply?.text.count == 300)
    }

    @Test("a refusal stays known through the goodbye, and is forgotten when something is accepted")
    func refusal() throws {
        let conversation = try conversation()
        conversation.hear("454 4.7.0 no TLS today\r\n")
        #expect(conversation.refusal?.code == 454)
        conversation.hear("250 2.1.0 ok\r\n")
        #expect(conversation.refusal == nil)
        conversation.hear("550 5.1.1 nobody\r\n")
        conversation.hear("221 bye\r\n")
        #expect(conversation.refusal?.code == 550)
    }

    @Test("what a server offered before TLS doesn't count")
    func offers() throws {
        let conversation = try conversation(to: "jörg@example.org")
        for line in ["220 hi", "250-sink", "250-smtputf8", "250 STARTTLS"] { conversation.hear(line + "\r\n") }
        #expect(conversation.offersSMTPUTF8)
        for line in ["220 go", "250-sink", "250 SIZE"] { conversation.hear(line + "\r\n") }
        #expect(conversation.lacksSMTPUTF8)
    }

    @Test("the message comes in pieces, whole, and not at all where the address can't be given")
    func reads() throws {
        let message = MailMessage(try Samples.mail(), sender: try Samples.sender(), date: Samples.date)
        let conversation = SMTPConversation(message)
        var read: [UInt8] = []
        withUnsafeTemporaryAllocation(byteCount: 7, alignment: 1) { buffer in
            while let count = conversation.read(into: buffer), count > 0 { read += buffer.prefix(count) }
        }
        #expect(read == message.bytes)
        let other = try self.conversation(to: "jörg@example.org")
        let count = withUnsafeTemporaryAllocation(byteCount: 7, alignment: 1) { other.read(into: $0) }
        #expect(count == nil)
    }

    private func conversation(to recipient: String = "ada@example.org") throws -> SMTPConversation {
        SMTPConversation(
            MailMessage(try Samples.mail(to: recipient), sender: try Samples.sender(), date: Samples.date))
    }
}
