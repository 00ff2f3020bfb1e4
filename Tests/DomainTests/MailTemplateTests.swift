import Domain
import Testing

@Suite("A tenant's own words for mails")
struct MailTemplateTests {
    @Test(
        "a subject and a body name what their kind has",
        arguments: [
            (MailKind.verifyEmail, "Hello {{name}} of {{ tenant }}: {{link}}"), (.resetPassword, "{{token}}"),
            (.organizationInvitation, "{{organization}} {{link}}"), (.passwordChanged, "{{tenant}} } {"),
            (.accountDeleted, "no {{ end"),
        ])
    func good(kind: MailKind, body: String) {
        #expect(MailTemplate.fault(of: body, for: kind, isBody: true) == nil)
    }

    @Test(
        "what a kind has not, and a body without what it is sent for, is refused",
        arguments: [
            (MailKind.verifyEmail, "hello"), (.verifyEmail, "{{link}} {{organization}}"), (.verifyEmail, "{{Link}}"),
            (.passwordChanged, "{{token}}"), (.passwordChanged, "{{name}}"), (.resetPassword, "{{link}} {{}}"),
        ])
    func bad(kind: MailKind, body: String) {
        #expect(MailTemplate.fault(of: body, for: kind, isBody: true) != nil)
    }

    @Test("a subject, which is shown where nobody reads, has no token")
    func subject() {
        #expect(MailTemplate.fault(of: "{{tenant}}", for: .verifyEmail, isBody: false) == nil)
        for text in ["{{link}}", "{{token}}"] {
            #expect(MailTemplate.fault(of: text, for: .verifyEmail, isBody: false) != nil)
        }
    }

    @Test("a value stays as it is, whatever stands in it")
    func values() {
        let template = MailTemplate(subject: "{{name}}!", body: "{{name}} {{ link }} {{gone}}{{name}}")
        let filled = template.filled(["name": "{{link}}", "link": "https://id.example/?token=a"])
        #expect(filled == MailTemplate(subject: "{{link}}!", body: "{{link}} https://id.example/?token=a {{link}}"))
    }
}
