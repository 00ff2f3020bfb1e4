public import Domain
import FoundationEssentials

/// What an access token says (RFC 9068 §2.2).
public struct AccessTokenClaims: Sendable, Equatable {
    /// `iss`.
    public var issuer: String
    /// `sub`: the user, or the client itself.
    public var subject: String
    /// `aud`: whom it is meant for.
    public var audience: [String]
    /// `iat`, in seconds since 1970.
    public var issuedAt: Int64
    /// `exp`, in seconds since 1970.
    public var expiresAt: Int64
    /// `jti`.
    public var id: String
    /// `client_id`.
    public var clientID: String
    /// `scope`, separated by spaces; left out when empty.
    public var scope: String
    /// `sid`: the session.
    public var session: String?
    /// `tid`: the tenant.
    public var tenant: String
    /// The organization the person acts for.
    public var organization: Organization?
    /// `roles`.
    public var roles: [String]
    /// `auth_time`: when the person proved who they are, in seconds since 1970.
    public var authenticatedAt: Int64?
    /// `amr`: how they proved it (RFC 8176).
    public var methods: [String]
    /// `epoch`: tokens of a lower one than the user's are refused; left out when 0.
    public var epoch: Int64
    /// `role_epoch` and `permissions`, or `permissions_omitted: true` where they are too many; left out without custom
    /// roles.
    public var customRoles: CustomRoles?

    /// An organization, and what the person may do there.
    public struct Organization: Sendable, Equatable {
        /// `org`: its id.
        public var id: String
        /// `org_role`: the person's role.
        public var role: String
        /// `org_permissions`: those of a role that the organization made, left out when empty; nil when they are too many
        /// for a token, which says `org_permissions_omitted: true` in their place.
        public var permissions: [String]?

        /// An organization.
        public init(id: String, role: String, permissions: [String]? = []) {
            self.id = id
            self.role = role
            self.permissions = permissions
        }
    }

    /// Claims.
    public init(
        issuer: String, subject: String, audience: [String], issuedAt: Int64, expiresAt: Int64, id: String,
        clientID: String, scope: String = "", session: String? = nil, tenant: String, organization: Organization? = nil,
        roles: [String] = [], authenticatedAt: Int64? = nil, methods: [String] = [], epoch: Int64 = 0,
        customRoles: CustomRoles? = nil
    ) {
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.id = id
        self.clientID = clientID
        self.scope = scope
        self.session = session
        self.tenant = tenant
        self.organization = organization
        self.roles = roles
        self.authenticatedAt = authenticatedAt
        self.methods = methods
        self.epoch = epoch
        self.customRoles = customRoles
    }
}

extension AccessTokenClaims {
    /// What of it decides whether it was revoked.
    public var revocable: RevocableToken {
        // A client that speaks for itself has no session, whatever its id looks like.
        let session = session.flatMap { UUID(canonical: $0) }
        let tenant = UUID(canonical: tenant)
        let roles = customRoles.flatMap { custom in
            tenant.map { RevocableToken.Roles(tenant: $0, names: self.roles, epoch: custom.epoch) }
        }
        return RevocableToken(
            session: session, id: UUID(canonical: id), user: session == nil ? nil : UUID(canonical: subject),
            epoch: epoch, roles: roles)
    }
}
