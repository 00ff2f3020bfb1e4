import Testing

@testable import Mail

@Suite struct HeaderFieldTests {
    static let awkward: [AwkwardText] = [
        "Hello", "", "a  b", "Grüße aus Köln", "🏰 your castle 👩‍👩‍👧‍👦", "=?utf-8?Q?fake?=", "\" \\ <x@y.z>, (c)",
        "Confirm your address, please: it takes a moment, and then you are through the gate at last",
        .init(repeating: "word ", 100), .init(repeating: "x", 300), .init(repeating: "ß", 300),
        .init(repeating: "🇩🇪", 60), .init(repeating: "e\u{301}\u{302}", 100),
        "tab\tand\u{7}bell", "\u{0}", "a\r\nBcc: eve@example.org", "a\nX: y", "a\rX: y", "a\u{2028}X: y",
        "a\u{85}X: y", "\r\n\r\nbody", "a\r\n b",
    ]

    @Test("a subject is one field of lines under 79 columns, ASCII only", arguments: awkward)
    func oneField(value: AwkwardText) {
        expectOneField(HeaderField("Subject", words: value.text).text, name: "Subject")
    }

    @Test("a name is one field of lines under 79 columns, ASCII only", arguments: awkward)
    func oneMailbox(value: AwkwardText) throws {
        let escaped = value.text.unicodeScalars.filter { !HeaderField.endsLine($0) }.map { scalar in
            scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : "\(scalar)"
        }
        let mailbox = try #require(Mailbox("\"\(escaped.joined())\" <a@b.c>"))
        expectOneField(HeaderField("From", mailbox).text, name: "From")
    }

    @Test("a plain field keeps to its line")
    func plain() {
        #expect(HeaderField("Date", "now\r\nBcc: eve@example.org").text == "Date: now Bcc: eve@example.org")
    }

    @Test("lines with encoded words are at most 76 columns, and each word holds whole scalars")
    func encodedWords() throws {
        let text = String(repeating: "aä🏰", count: 100)
        let lines = HeaderField("Subject", words: text).text.components(separatedBy: "\r\n ")
        #expect(lines.allSatisfy { $0.utf8.count <= 75 + 1 })
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("=?utf-8?B?") && $0.hasSuffix("?=") })
    }

    @Test(
        "a name is written as plainly as it can be",
        arguments: [
            ("Gatehouse <a@b.c>", "From: Gatehouse <a@b.c>"),
            ("a@b.c", "From: a@b.c"),
            ("Gate, Inc. <a@b.c>", "From: \"Gate, Inc.\" <a@b.c>"),
            ("\"a \\\"b\\\" \\\\\" <a@b.c>", "From: \"a \\\"b\\\" \\\\\" <a@b.c>"),
            ("Köln <a@b.c>", "From: =?utf-8?B?S8O2bG4=?= <a@b.c>"),
            ("=?utf-8?Q?x?= <a@b.c>", "From: =?utf-8?B?PT91dGYtOD9RP3g/PQ==?= <a@b.c>"),
        ])
    func name(text: String, field: String) throws {
        #expect(HeaderField("From", try #require(Mailbox(text))).text == field)
    }

    @Test("an address that finds no room on the name's line gets the next")
    func longAddress() throws {
        let address = "\(String(repeating: "a", count: 64))@example.com"
        let field = HeaderField("From", try #require(Mailbox("Gatehouse <\(address)>"))).text
        #expect(field == "From: Gatehouse\r\n <\(address)>")
    }

    private func expectOneField(_ text: String, name: String) {
        #expect(text.hasPrefix("\(name):"))
        #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0D || $0 == 0x0A })
        let lines = text.components(separatedBy: "\r\n")
        #expect(lines.allSatisfy { $0.utf8.count <= 78 })
        #expect(lines.allSatisfy { !$0.utf8.contains(0x0D) && !$0.utf8.contains(0x0A) })
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix(" ") && $0.contains { $0 != " " } })
    }
}

extension String {
    /// FoundationEssentials has no such method on bytes; `\r\n` is one Character to Swift.
    func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
