import Domain
import FoundationEssentials

/// What mails say. Links begin with the configured address, never with anything a request said (SECURITY E04).
struct MailTexts: Sendable {
    let publicURL: String
    /// The operator's own pages, to which `?token=` is added; without them Gatehouse's plain ones.
    let verifyPage: String?
    let resetPage: String?
    let invitationPage: String?

    /// What a mail says: in the tenant's own words, or else in these.
    func text(
        _ kind: MailKind, tenant: Tenant, name: String?, organization: String? = nil, token: String?,
        own: MailTemplate? = nil
    ) -> MailTemplate {
        if let own {
            return own.filled([
                "tenant": tenant.name, "name": name ?? "", "organization": Self.plain(organization ?? ""),
                "link": link(kind, tenant, token) ?? "", "token": token ?? "",
            ])
        }
        let link = link(kind, tenant, token) ?? ""
        let greeting = name.map { "Hello \($0)," } ?? "Hello,"
        func write(_ subject: String, _ lines: String...) -> MailTemplate {
            let body = ([greeting, ""] + lines + ["", "-- ", tenant.name, ""]).joined(separator: "\n")
            return MailTemplate(subject: "\(tenant.name): \(subject)", body: body)
        }
        switch kind {
        case .verifyEmail:
            return write(
                "confirm your e-mail address", "open this link to confirm that this address is yours:", "",
                link, "",
                "It is good for 24 hours. If you did not register, do nothing.")
        case .resetPassword:
            return write(
                "choose a new password", "open this link to choose a new password:", "",
                link, "",
                "It is good for 30 minutes and for one use. If you did not ask for it, do nothing: your password",
                "stays as it is.")
        case .organizationInvitation:
            return write(
                "you are invited",
                "you are invited to join this organization: \(Self.plain(organization ?? ""))", "",
                link, "",
                "The invitation is good for 7 days and for one use. If you do not want it, do nothing.")
        case .alreadyRegistered:
            return write(
                "you have an account already",
                "somebody, perhaps you, tried to register with this address, which has an account already.", "",
                "If it was you, log in, or ask for a new password. If not, do nothing: nothing has changed.")
        case .passwordChanged:
            return write(
                "your password was changed",
                "the password of your account was changed just now, and other devices were",
                "signed out.", "", "If it was not you, ask for a new password at once.")
        case .emailChanged:
            return write(
                "your e-mail address was changed", "your account has another e-mail address from now on.", "",
                "If it was not you, tell whoever runs this service at once.")
        case .accountDeleted:
            return write("your account was deleted", "your account and its data were deleted, as you asked.")
        }
    }

    /// A name that somebody chose, in a mail to somebody else: letters, digits and what stands in names, so that no reader
    /// makes a link or an address of it.
    static func plain(_ name: String) -> String {
        String(
            String.UnicodeScalarView(
                name.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
                        .decimalNumber, .nonspacingMark, .spacingMark:
                        scalar
                    default: " -&',()+".unicodeScalars.contains(scalar) ? scalar : " "
                    }
                }))
    }

    /// Where a mail's token is good; nil for kinds that carry none.
    private func link(_ kind: MailKind, _ tenant: Tenant, _ token: String?) -> String? {
        let target: (page: String?, path: String)? =
            switch kind {
            case .verifyEmail: (verifyPage, "/api/v1/auth/verify-email")
            case .resetPassword: (resetPage, "/api/v1/auth/reset-password")
            case .organizationInvitation: (invitationPage, "/api/v1/organizations/invitations/accept")
            case .alreadyRegistered, .passwordChanged, .emailChanged, .accountDeleted: nil
            }
        guard let target else { return nil }
        let base = target.page ?? tenant.issuer(publicURL: publicURL) + target.path
        return base + (base.contains("?") ? "&" : "?") + "token=" + (token ?? "")
    }
}
