public import FoundationEssentials

/// What of an access token decides whether it was revoked.
public struct RevocableToken: Sendable, Equatable {
    /// Its `sid`.
    public let session: UUID?
    /// Its `jti`.
    public let id: UUID?
    /// Its `sub`, when that is a user.
    public let user: UUID?
    /// Its `epoch`.
    public let epoch: Int64
    /// Its roles, when there are custom ones among them.
    public let roles: Roles?

    /// The roles of a token that has custom ones among them.
    public struct Roles: Sendable, Equatable {
        /// Its `tid`.
        public let tenant: UUID
        /// Its `roles`.
        public let names: [String]
        /// Its `role_epoch`.
        public let epoch: Int64

        /// Roles of that tenant and epoch.
        public init(tenant: UUID, names: [String], epoch: Int64) {
            self.tenant = tenant
            self.names = names
            self.epoch = epoch
        }
    }

    /// A token that says this.
    public init(session: UUID?, id: UUID?, user: UUID?, epoch: Int64, roles: Roles? = nil) {
        self.session = session
        self.id = id
        self.user = user
        self.epoch = epoch
        self.roles = roles
    }
}
