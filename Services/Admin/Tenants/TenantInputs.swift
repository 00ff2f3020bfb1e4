import Kit

/// What a new tenant is to be.
struct NewTenant: RequestContent {
    let slug: String
    let name: String
    let settings: TenantSettingsChange?

    init(from fields: inout FieldReader) {
        slug = fields.required("slug", Self.slug)
        name = fields.required("name", .line(1...100))
        settings = fields.settings("settings")
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

    init(from fields: inout FieldReader) {
        name = fields.optional("name", .line(1...100))
        state = fields.optional("state", .word(["active", "suspended"]))
        settings = fields.settings("settings")
    }
}
