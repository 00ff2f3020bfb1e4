import Domain
import Mail
import Testing

@Suite struct MailboxTests {
    @Test(
        "name and address are read",
        arguments: [
            ("a@b.c", nil, "a@b.c"),
            ("<a@b.c>", nil, "a@b.c"),
            ("  a@b.c ", nil, "a@b.c"),
            ("Gatehouse <a@b.c>", "Gatehouse", "a@b.c"),
            ("Gatehouse<a@b.c>", "Gatehouse", "a@b.c"),
            ("The Gate, Inc. <a@b.c>", "The Gate, Inc.", "a@b.c"),
            ("\"The \\\"Gate\\\" <x>\" <a@b.c>", "The \"Gate\" <x>", "a@b.c"),
            ("\"\" <a@b.c>", nil, "a@b.c"),
            ("Torhüter 🏰 <a@b.c>", "Torhüter 🏰", "a@b.c"),
        ] as [(String, String?, String)])
    func reads(text: String, name: String?, address: String) throws {
        let mailbox = try #require(Mailbox(text))
        #expect(mailbox.name == name)
        #expect(mailbox.address.text == address)
    }

    @Test(
        "what isn't one mailbox is refused",
        arguments: [
            "", "Gatehouse", "<>", "a@b.c, d@e.f", "A <a@b.c>, B <d@e.f>", "A <a@b.c> <d@e.f>", "A <a@b.c", "A a@b.c>",
            "\"A <a@b.c>", "A\" <a@b.c>", "\"A\"B\" <a@b.c>", "\"A\\\" <a@b.c>", "A\r\nBcc: d@e.f <a@b.c>",
            "A\n <a@b.c>", "A\u{0} <a@b.c>", "A\u{2028} <a@b.c>", "A <a@b>", "A <a@bücher.example>", "A <ä@b.c>",
        ])
    func refuses(text: String) {
        #expect(Mailbox(text) == nil)
    }
}
