import HTTPFields
public import HTTPTypes

/// The headers one Gatehouse process tells another. The gateway removes every inbound header of these names before it
/// sets its own; a service believes them because the internal key came along.
public enum InternalHeader {
    /// What all of them begin with.
    public static let prefix: StaticString = "x-gatehouse-"
    /// The shared secret between processes.
    public static let key: StaticString = "x-gatehouse-key"
    /// The tenant's id.
    public static let tenant: StaticString = "x-gatehouse-tenant"
    /// The client's address as the gateway judged it.
    public static let address: StaticString = "x-gatehouse-address"
    /// The subject of the verified access token.
    public static let subject: StaticString = "x-gatehouse-subject"
    /// The session of the verified access token.
    public static let session: StaticString = "x-gatehouse-session"
    /// The `client_id` of the verified access token.
    public static let client: StaticString = "x-gatehouse-client"
    /// The scope of the verified access token.
    public static let scope: StaticString = "x-gatehouse-scope"
    /// The roles in the verified access token, separated by commas.
    public static let roles: StaticString = "x-gatehouse-roles"
    /// What the custom roles in the verified access token give, as `CustomRoles.line`.
    public static let permissions: StaticString = "x-gatehouse-permissions"
    /// The `jti` of the verified access token.
    public static let token: StaticString = "x-gatehouse-token"
    /// The `epoch` of the verified access token, when it is not 0.
    public static let epoch: StaticString = "x-gatehouse-epoch"
    /// The organization that the verified access token speaks of.
    public static let organization: StaticString = "x-gatehouse-organization"
    /// In an answer: the sessions it ended, separated by commas. The gateway refuses their tokens from then on, without
    /// waiting for the event, and does not pass the field on.
    public static let revoked: StaticString = "x-gatehouse-revoked"
    /// In an answer of 503: for how many milliseconds this instance has no room for requests of this method and path. The
    /// gateway refuses them itself for that long and at most a second, when no other instance has, and does not pass the
    /// field on.
    public static let busy: StaticString = "x-gatehouse-busy"
    /// The request's id, the same in every process and in the answer.
    public static let requestID: StaticString = "x-request-id"
    /// W3C trace context.
    public static let traceparent: StaticString = "traceparent"
    /// Those that are of one person, token or request, and so stay out of HTTP/2's tables, where they would drive out what
    /// all have.
    public static let unindexed: [StaticString] = [subject, session, token, address, requestID, traceparent]

    /// Whether of such a field only the name was told (`HTTP2Configuration.namesToTell`).
    static func isOnlyName(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        value.isEmpty && unindexed.contains(where: name.equals)
    }
}

extension HTTPFields {
    /// Tells the gateway something in an answer.
    /// - Parameters:
    ///   - name: One of `InternalHeader`.
    ///   - value: Without line ends.
    public mutating func tellGateway(_ name: StaticString, _ value: String) {
        guard let name = HTTPField.Name(name.description) else { return }
        self[name] = value
    }
}
