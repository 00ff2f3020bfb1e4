import Octets
public import Domain
public import FoundationEssentials
public import NIOCore

/// A password that an administrator chose for somebody: identity judges it by the tenant's rules and hashes it.
public struct PasswordToHash: RequestContent {
    /// The path it is posted to.
    public static let path = "/internal/password-hashes"

    /// The password.
    public var password: String
    /// The user's e-mail address, which must not be the password.
    public var email: String?
    /// The user's username, which must not be the password.
    public var username: String?

    /// What counts of a tenant that does not exist yet and whose first user this is; nil for the caller's tenant.
    public struct NewTenant: RequestContent {
        let slug: String
        let name: String
        let minimumLength: Int?
        let classes: Int?

        /// A tenant that is to be, with its rules for passwords where they are not the defaults.
        public init(slug: String, name: String, minimumLength: Int?, classes: Int?) {
            self.slug = slug
            self.name = name
            self.minimumLength = minimumLength
            self.classes = classes
        }

        public init(from fields: inout FieldReader) {
            slug = fields.required("slug", .text(1...63))
            name = fields.required("name", .text(1...100))
            minimumLength = fields.optional("minimum_length", .number(0...1024))
            classes = fields.optional("classes", .number(0...4))
        }

        /// As the rules read it; its id is its maker's.
        public func tenant(_ id: UUID) -> Tenant {
            var settings = TenantSettings()
            if let minimumLength { settings.passwordMinimumLength = minimumLength }
            if let classes { settings.passwordClasses = classes }
            return Tenant(id: id, slug: slug, name: name, isActive: true, settings: settings)
        }
    }

    /// The tenant that is only being made.
    public var newTenant: NewTenant?

    /// A password to hash.
    public init(password: String, email: String?, username: String?) {
        self.password = password
        self.email = email
        self.username = username
    }

    public init(from fields: inout FieldReader) {
        password = fields.required("password", .secret)
        email = fields.optional("email", .text(1...254))
        username = fields.optional("username", .text(1...64))
        newTenant = fields.optional("new_tenant", object: NewTenant.self)
    }

    /// As JSON.
    public var json: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        for (member, value) in [("password", password), ("email", email), ("username", username)] {
            guard let value else { continue }
            json.member(member, value)
        }
        if let tenant = newTenant {
            var members = [JSONValue.Member("slug", .string(tenant.slug)), .init("name", .string(tenant.name))]
            for (member, number) in [("minimum_length", tenant.minimumLength), ("classes", tenant.classes)] {
                if let number { members.append(.init(member, .number(String(number)))) }
            }
            json.member("new_tenant", .object(members))
        }
        json.endObject()
        return json.buffer
    }
}

/// What is stored of a password.
public struct HashedPassword: ResponseContent {
    /// The hash in PHC string form.
    public let text: String

    /// A hash.
    public init(text: String) {
        self.text = text
    }

    /// Reads what another process wrote; nil when it is something else.
    public init?(parsing body: ByteBuffer) {
        guard let json = try? JSONParser.parse(body.readableBytesView), let text = json["hash"]?.string else {
            return nil
        }
        self.text = text
    }

    public static let example = HashedPassword(text: "$argon2id$v=19$m=19456,t=2,p=1$…")

    public func write(to fields: inout some FieldSink) {
        fields.field("hash", text)
    }
}

extension Problem.FieldError {
    /// The refused fields of a problem that another process answered with.
    public static func parse(_ body: ByteBuffer) -> [Problem.FieldError] {
        guard let json = try? JSONParser.parse(body.readableBytesView), case .array(let errors)? = json["errors"] else {
            return []
        }
        return errors.compactMap { error in
            guard let pointer = error["pointer"]?.string, let code = error["code"]?.string,
                let detail = error["detail"]?.string
            else { return nil }
            return Problem.FieldError(pointer: pointer, code: code, detail: detail)
        }
    }
}
