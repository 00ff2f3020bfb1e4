import Domain

/// How long tokens and sessions of a client live: as the client has it, else as its tenant has it.
struct TokenLifetimes: Sendable, Equatable {
    let accessToken: Duration
    /// A session without a refresh.
    let sessionIdle: Duration
    /// A session at all.
    let session: Duration

    /// The lifetimes of a tenant's client; nil for one that has none of its own.
    init(_ tenant: TenantSettings, _ client: RegisteredClient?) {
        accessToken = client?.accessTokenLifetime ?? tenant.accessTokenLifetime
        sessionIdle = client?.sessionIdleLifetime ?? tenant.sessionIdleLifetime
        session = client?.sessionLifetime ?? tenant.sessionLifetime
    }
}
