/// What a mail is for, by the names of the outbox.
public enum MailKind: String, Sendable, CaseIterable {
    case verifyEmail = "verify_email"
    case resetPassword = "reset_password"
    case alreadyRegistered = "already_registered"
    case passwordChanged = "password_changed"
    case emailChanged = "email_changed"
    case accountDeleted = "account_deleted"
    case organizationInvitation = "organization_invitation"

    /// What a text of this kind may name; empty where it is not known of a reader.
    public var placeholders: [String] {
        switch self {
        case .verifyEmail, .resetPassword: ["tenant", "name", "link", "token"]
        case .organizationInvitation: ["tenant", "organization", "link", "token"]
        case .alreadyRegistered, .passwordChanged, .emailChanged, .accountDeleted: ["tenant"]
        }
    }

    /// Whether a mail of this kind is of no use without its link or token.
    public var carriesToken: Bool { placeholders.contains("token") }
}
