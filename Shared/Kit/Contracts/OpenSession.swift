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

    /// A session to open.
    public init(
        user: UUID, client: String, methods: [String], deviceName: String?, scope: String, passwordVersion: Int64?
    ) {
        self.user = user
        self.client = client
        self.methods = methods
        self.deviceName = deviceName
        self.scope = scope
        self.passwordVersion = passwordVersion
    }

    public init(from fields: inout FieldReader) {
        user = fields.required("user", .id)
        client = fields.required("client", .text(1...64))
        methods = fields.required("amr", .texts(limit: 8))
        deviceName = fields.optional("device_name", .line(1...100))
        scope = fields.optional("scope", .text(0...1000)) ?? ""
        passwordVersion = fields.optional("password_version", .number(0...Int.max)).map(Int64.init)
    }

    /// As JSON.
    public var json: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.name("user")
        json.value(user.text)
        json.name("client")
        json.value(client)
        json.name("amr")
        json.beginArray()
        for method in methods { json.value(method) }
        json.endArray()
        if let deviceName {
            json.name("device_name")
            json.value(deviceName)
        }
        json.name("scope")
        json.value(scope)
        if let passwordVersion {
            json.name("password_version")
            json.value(passwordVersion)
        }
        json.endObject()
        return json.buffer
    }
}
