public import FoundationEssentials

/// Something that happened in one process and that others must know of: a row of `events`.
public struct Event: Sendable, Equatable {
    /// What kind of thing.
    public let kind: Kind
    /// The row's id.
    public let id: Int64
    /// Whose.
    public let tenant: UUID
    /// What it is about: a session, a user, a client.
    public let subject: UUID?
    /// Further ids, as JSON.
    public let payload: String
    /// When it was written, by the database's clock; of an ended session that its hint told of, when it was published, by the
    /// clock of whoever ended it.
    public let createdAt: Date

    /// The kinds of events. A kind this version does not know is passed over.
    public enum Kind: String, Sendable {
        /// One session ended; the subject is its id.
        case sessionRevoked = "session.revoked"
        /// Several sessions of a user ended; the subject is the user, the payload lists `sessions`.
        case sessionsRevoked = "sessions.revoked"
        /// One access token was revoked; the subject is its `jti`.
        case tokenRevoked = "token.revoked"
        /// A user's access tokens of an epoch lower than the payload's `epoch` are refused; the subject is the user.
        case userEpoch = "user.epoch"
        /// Custom roles of a tenant changed: access tokens that name one of the payload's `roles` and have a `role_epoch`
        /// lower than its `epoch` are refused.
        case rolesChanged = "roles.changed"
        /// A user was registered, changed, disabled or deleted.
        case userChanged = "user.changed"
        /// An organization, its members or its roles changed; the subject is its id.
        case organizationChanged = "organization.changed"
        /// A tenant or its settings changed.
        case tenantChanged = "tenant.changed"
        /// A client changed.
        case clientChanged = "client.changed"
        /// A tenant's set of signing keys changed.
        case keysChanged = "keys.changed"
    }
}
