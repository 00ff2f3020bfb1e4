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

    /// A token that says this.
    public init(session: UUID?, id: UUID?, user: UUID?, epoch: Int64) {
        self.session = session
        self.id = id
        self.user = user
        self.epoch = epoch
    }
}
