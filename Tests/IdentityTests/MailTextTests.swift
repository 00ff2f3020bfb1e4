import Domain
import Testing

@testable import Identity

@Suite("What mails say")
struct MailTextTests {
    private let tenant = Tenant(
        id: .v7(), slug: "acme", name: "Acme", isActive: true, settings: TenantSettings())

    private func texts(_ verify: String? = nil, _ reset: String? = nil, _ invitation: String? = nil) -> MailTexts {
        MailTexts(publicURL: "https://id.example", verifyPage: verify, resetPage: reset, invitationPage: invitation)
    }

    @Test("links lead to the tenant's own path, or to the operator's page, with the token at the end")
    func links() {
        let token = "ghv_x"
        let plain = texts().text(.verifyEmail, tenant: tenant, name: "Ada", token: token)
        #expect(plain.subject == "Acme: confirm your e-mail address")
        #expect(plain.body.hasPrefix("Hello Ada,\n"))
        #expect(plain.body.contains("https://id.example/t/acme/api/v1/auth/verify-email?token=ghv_x\n"))
        let own = texts("https://app.example/confirm?lang=en", "https://app.example/reset")
        #expect(
            own.text(.verifyEmail, tenant: tenant, name: nil, token: token).body.contains(
                "https://app.example/confirm?lang=en&token=ghv_x"))
        #expect(
            own.text(.resetPassword, tenant: tenant, name: nil, token: token).body.contains(
                "https://app.example/reset?token=ghv_x"))
    }

    @Test("an invitation names the organization, whose name is no link of its own")
    func invitation() {
        let token = "ghv_x"
        let text = texts(nil, nil, "https://app.example/join").text(
            .organizationInvitation, tenant: tenant, name: nil,
            organization: "A & B's Café, see www.evil.example/a?b or mail x@evil.example", token: token)
        #expect(text.subject == "Acme: you are invited")
        #expect(text.body.contains("https://app.example/join?token=ghv_x\n"))
        #expect(text.body.contains("A & B's Café, see www evil example a b or mail x evil example"))
    }

    @Test(
        "notices carry no link",
        arguments: [
            MailKind.alreadyRegistered, .passwordChanged, .emailChanged, .accountDeleted,
        ])
    func notices(kind: MailKind) {
        let text = texts().text(kind, tenant: tenant, name: nil, token: nil)
        #expect(!text.body.contains("http"))
        #expect(text.body.hasSuffix("-- \nAcme\n"))
    }
}
