import Domain
import FoundationEssentials
import Mail
import Testing

/// What the tests have in common.
enum Samples {
    static let date = Date(timeIntervalSince1970: 1_751_364_000)

    static func sender(_ text: String = "Gatehouse <no-reply@example.com>") throws -> Mailbox {
        try #require(Mailbox(text))
    }

    static func mail(
        to recipient: String = "ada@example.org", subject: String = "Hello", text: String = "Hello,\n\nbye\n",
        id: String = "0197c4f0-0000-7000-8000-000000000001"
    ) throws -> Mail {
        Mail(recipient: try #require(EmailAddress(recipient)), subject: subject, text: text, id: id)
    }
}
