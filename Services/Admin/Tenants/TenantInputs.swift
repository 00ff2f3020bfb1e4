import Domain
import Kit

/// What a new tenant is to be.
struct NewTenant: RequestContent {
    let slug: String
    let name: String
    let settings: TenantSettingsChange?
    let hosts: [String]?
    let administrator: FirstAdministrator?

    init(from fields: inout FieldReader) {
        slug = fields.required("slug", Self.slug)
        name = fields.required("name", .line(1...100))
        settings = fields.settings("settings")
        hosts = fields.optional("hosts", .hosts)
        administrator = fields.optional("administrator", object: FirstAdministrator.self)
    }

    /// As migration 0001 has it.
    private static let slug = FieldType<String>.text(1...63).map(placeholder: "") { text in
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard isPlain, !text.hasPrefix("-"), !text.hasSuffix("-") else {
            let rule = "must be lower-case letters of ASCII, digits and hyphens, no hyphen first or last"
            return .failure(.init("invalid_slug", rule))
        }
        return .success(text)
    }
}

/// What a superuser changes of a tenant.
struct TenantChange: RequestContent {
    let name: String?
    let state: String?
    let settings: TenantSettingsChange?
    let hosts: [String]?

    init(from fields: inout FieldReader) {
        name = fields.optional("name", .line(1...100))
        state = fields.optional("state", .word(["active", "suspended"]))
        settings = fields.settings("settings")
        hosts = fields.optional("hosts", .hosts)
    }
}

/// The user who is to look after a new tenant: other tenants' tokens are worth nothing there.
struct FirstAdministrator: RequestContent {
    let content: UserContent
    /// Without one they choose one by mail.
    let password: String?

    init(from fields: inout FieldReader) {
        let email = fields.optional("email", .email) ?? nil
        let username = fields.optional("username", .username) ?? nil
        let displayName = fields.optional("display_name", .line(1...100))
        content = UserContent(email: email, username: username, displayName: displayName)
        password = fields.optional("password", .secret)
        guard !fields.isDescribing, !fields.hasFaults else { return }
        if email == nil, username == nil {
            fields.refuse("email", FieldFault("required", "an e-mail address or a username must be given"))
        } else if email == nil, password == nil {
            fields.refuse("password", FieldFault("required", "must be given where there is no e-mail address"))
        }
    }
}

/// How long a tenant that is to be deleted is kept.
struct TenantDeletion: RequestContent {
    /// In seconds.
    let grace: Int

    init(from fields: inout FieldReader) {
        grace = fields.optional("grace_seconds", .number(0...31_536_000)) ?? 30 * 86_400
    }
}

extension FieldType where Value == [String] {
    /// Host names as requests name them, without a port.
    fileprivate static let hosts = FieldType.list(
        limit: 20, "must be a host name in lower case, without a port", code: "invalid_host"
    ) { host in
        // What is left of an origin is a host that a browser can name.
        Origin("https://" + host) != nil && !host.contains(":")
    }
}
