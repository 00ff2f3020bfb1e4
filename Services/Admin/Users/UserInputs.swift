import Domain
import Kit

/// All of what a user is to be: what is left out, they don't have.
struct UserContent: RequestContent {
    let email: EmailAddress?
    let username: Username?
    let displayName: String?
    let isEmailVerified: Bool
    let state: String

    /// An active user who has proven nothing.
    init(email: EmailAddress?, username: Username?, displayName: String?) {
        self.email = email
        self.username = username
        self.displayName = displayName
        (isEmailVerified, state) = (false, "active")
    }

    init(from fields: inout FieldReader) {
        email = fields.optional("email", .email) ?? nil
        username = fields.optional("username", .username) ?? nil
        displayName = fields.optional("display_name", .line(1...100))
        isEmailVerified = fields.optional("email_verified", .flag) ?? false
        state = fields.optional("state", .word(["active", "disabled"])) ?? "active"
        guard !fields.isDescribing, !fields.hasFaults else { return }
        if email == nil, username == nil {
            fields.refuse("email", FieldFault("required", "an e-mail address or a username must be given"))
        } else if email == nil, isEmailVerified {
            fields.refuse("email_verified", FieldFault("no_email", "there is no e-mail address"))
        }
    }
}

/// A user who is to be made.
struct NewUser: RequestContent {
    let content: UserContent
    /// Without one nobody signs in until they have chosen one by mail.
    let password: String?
    let roles: [String]
    /// Whether a mail is sent that leads to choosing a password.
    let isInvited: Bool

    init(from fields: inout FieldReader) {
        content = UserContent(from: &fields)
        password = fields.optional("password", .secret)
        roles = fields.optional("roles", UserRoles.names) ?? [BuiltinRole.user]
        isInvited = fields.optional("invite", .flag) ?? false
        if !fields.isDescribing, !fields.hasFaults, isInvited, content.email == nil {
            fields.refuse("invite", FieldFault("no_email", "there is no e-mail address"))
        }
    }
}

/// What an administrator changes of a user.
struct UserChange: RequestContent {
    let email: FieldChange<EmailAddress?>
    let username: FieldChange<Username?>
    let displayName: FieldChange<String>
    let isEmailVerified: Bool?
    let state: String?

    init(from fields: inout FieldReader) {
        email = fields.change("email", .email)
        username = fields.change("username", .username)
        displayName = fields.change("display_name", .line(1...100))
        isEmailVerified = fields.optional("email_verified", .flag)
        state = fields.optional("state", .word(["active", "disabled"]))
    }

    /// The change of one thing.
    init(state: String? = nil, isEmailVerified: Bool? = nil) {
        (email, username, displayName) = (.none, .none, .none)
        self.state = state
        self.isEmailVerified = isEmailVerified
    }

    /// The change that replaces everything.
    init(_ content: UserContent) {
        email = content.email == nil ? .cleared : .set(content.email)
        username = content.username == nil ? .cleared : .set(content.username)
        displayName = content.displayName.map { .set($0) } ?? .cleared
        isEmailVerified = content.isEmailVerified
        state = content.state
    }

    /// The user as they are to be. Whether an unnamed proof of the address still holds is for the database to say.
    /// - Throws: `Problem.validation` for one without a name to sign in with, or proof of no address.
    func applied(to user: ManagedUser) throws(Problem) -> ManagedUser {
        var wanted = user
        wanted.email = email.applied(to: user.email) { $0?.text }
        wanted.username = username.applied(to: user.username) { $0?.text }
        wanted.displayName = displayName.applied(to: user.displayName) { $0 }
        wanted.isEmailVerified = isEmailVerified ?? user.isEmailVerified
        wanted.state = state ?? user.state
        guard wanted.email != nil || wanted.username != nil else {
            let detail = "an e-mail address or a username has to stay"
            throw .validation([.init(field: email.isGiven ? "email" : "username", code: "required", detail: detail)])
        }
        guard wanted.email != nil || isEmailVerified != true else {
            throw .validation([.init(field: "email_verified", code: "no_email", detail: "there is no e-mail address")])
        }
        return wanted
    }
}

extension FieldChange {
    /// The field's text after the change.
    func applied(to present: String?, _ text: (Value) -> String?) -> String? {
        switch self {
        case .none: present
        case .cleared: nil
        case .set(let value): text(value)
        }
    }
}
