import Octets
public import NIOCore

/// A login that came to token as a password grant and that identity decides.
public struct DelegatedLogin: RequestContent {
    /// The path it is posted to.
    public static let path = "/internal/logins"

    /// What the person typed as their name.
    public var name: String
    /// What they typed as their password.
    public var password: String
    /// The OAuth `client_id`.
    public var client: String
    /// The scope to grant, separated by spaces.
    public var scope: String
    /// What the device calls itself.
    public var deviceName: String?

    /// A login to decide.
    public init(name: String, password: String, client: String, scope: String, deviceName: String?) {
        self.name = name
        self.password = password
        self.client = client
        self.scope = scope
        self.deviceName = deviceName
    }

    public init(from fields: inout FieldReader) {
        name = fields.required("name", .text(1...254))
        password = fields.required("password", .secret)
        client = fields.required("client", .text(1...64))
        scope = fields.optional("scope", .text(0...1000)) ?? ""
        deviceName = fields.optional("device_name", .line(1...100))
    }

    /// As JSON.
    public var json: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        for (member, value) in [("name", name), ("password", password), ("client", client), ("scope", scope)] {
            json.member(member, value)
        }
        if let deviceName {
            json.member("device_name", deviceName)
        }
        json.endObject()
        return json.buffer
    }
}
