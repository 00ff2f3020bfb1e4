import Octets
import Domain
public import FoundationEssentials
public import NIOCore

/// What identity asks of token after it has checked a credential: a session and its first tokens.
public struct OpenSession: RequestContent {
    /// The path it is posted to.
    public static let path = "/internal/sessions"

    /// Who signed in.
    public var user: UUID
    /// The OAuth `client_id` they signed in with.
    public var client: String
    /// How they proved who they are (RFC 8176).
    public var methods: [String]
    /// What the device calls itself.
    public var deviceName: String?
    /// The granted scope, separated by spaces.
    public var scope: String
    /// The version of the password that was checked: no session is opened for one that was replaced meanwhile.
    public var passwordVersion: Int64?
    /// Where the session comes of a login, what is written of it in one transaction with the session; nil where the caller
    /// records it itself, as identity did before there was this field.
    public var login: Login?

    /// What a login leaves beside its session: a row of the history and failures that are forgotten, always; and what is
    /// noted of the device, which is one of these or nothing. Both are digests of a device's mark, in hexadecimal.
    public struct Login: RequestContent {
        /// The mark that is known already and was shown.
        public var knownDevice: String?
        /// The mark that the device is given.
        public var newDevice: String?

        /// What a login leaves.
        public init(knownDevice: String?, newDevice: String?) {
            self.knownDevice = knownDevice
            self.newDevice = newDevice
        }

        public init(from fields: inout FieldReader) {
            knownDevice = fields.optional("known_device", .digest)
            newDevice = fields.optional("new_device", .digest)
        }
    }

    /// A session to open.
    public init(
        user: UUID, client: String, methods: [String], deviceName: String?, scope: String, passwordVersion: Int64?,
        login: Login?
    ) {
        self.user = user
        self.client = client
        self.methods = methods
        self.deviceName = deviceName
        self.scope = scope
        self.passwordVersion = passwordVersion
        self.login = login
    }

    public init(from fields: inout FieldReader) {
        user = fields.required("user", .id)
        client = fields.required("client", .text(1...64))
        methods = fields.required("amr", .texts(limit: 8))
        deviceName = fields.optional("device_name", .line(1...100))
        scope = fields.optional("scope", .text(0...1000)) ?? ""
        passwordVersion = fields.optional("password_version", .number(0...Int.max)).map(Int64.init)
        login = fields.optional("login", object: Login.self)
    }

    /// As JSON.
    public var json: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("user", user.text)
        json.member("client", client)
        json.member("amr", methods)
        if let deviceName {
            json.member("device_name", deviceName)
        }
        json.member("scope", scope)
        if let passwordVersion {
            json.member("password_version", passwordVersion)
        }
        if let login {
            json.name("login")
            json.beginObject()
            for (member, value) in [("known_device", login.knownDevice), ("new_device", login.newDevice)] {
                guard let value else { continue }
                json.member(member, value)
            }
            json.endObject()
        }
        json.endObject()
        return json.buffer
    }
}
