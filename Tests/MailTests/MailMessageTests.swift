import FoundationEssentials
import Testing

@testable import Mail

@Suite struct MailMessageTests {
    @Test("a mail is these bytes")
    func whole() throws {
        let mail = try Samples.mail(subject: "Grüße", text: "Öffne https://a.example/?t=1\n.\n")
        let message = MailMessage(mail, sender: try Samples.sender(), date: Samples.date)
        let expected = """
            From: Gatehouse <no-reply@example.com>
            To: ada@example.org
            Subject: =?utf-8?B?R3LDvMOfZQ==?=
            Date: Tue, 01 Jul 2025 10:00:00 +0000
            Message-ID: <0197c4f0-0000-7000-8000-000000000001@example.com>
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: quoted-printable

            =C3=96ffne https://a.example/?t=3D1
            =2E

            """
        #expect(String(decoding: message.bytes, as: UTF8.self) == expected.replacing("\n", with: "\r\n"))
        #expect(!message.needsSMTPUTF8)
    }

    @Test(
        "an id becomes one atom, different ids different ones",
        arguments: [
            ("a-b_C9", "a-b_C9"), ("a.b", "a=2Eb"), ("a=2Eb", "a=3D2Eb"), ("a>\r\nBcc: x", "a=3E=0D=0ABcc=3A=20x"),
            ("ä", "=C3=A4"), ("../x", "=2E=2E=2Fx"),
        ])
    func identifier(id: String, atom: String) {
        #expect(MailMessage.identifier(id) == atom)
    }

    @Test("no id makes a line too long")
    func longIdentifier() {
        #expect(MailMessage.identifier(String(repeating: "ä", count: 1000)).utf8.count == 128)
    }

    @Test(
        "an address beyond ASCII, on either side, needs SMTPUTF8", arguments: ["jörg@example.org", "a@bücher.example"])
    func international(recipient: String) throws {
        let message = MailMessage(
            try Samples.mail(to: recipient), sender: try Samples.sender(), date: Samples.date)
        #expect(message.needsSMTPUTF8)
    }

    @Test(
        "dates are written in UTC",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 +0000", "19700101T000000.000000Z"),
            (951_782_399.25, "Mon, 28 Feb 2000 23:59:59 +0000", "20000228T235959.250000Z"),
            (1_709_210_096, "Thu, 29 Feb 2024 12:34:56 +0000", "20240229T123456.000000Z"),
        ])
    func dates(seconds: Double, header: String, sortable: String) {
        let date = MailDate(Date(timeIntervalSince1970: seconds))
        #expect(date.header == header)
        #expect(date.sortable == sortable)
    }
}
