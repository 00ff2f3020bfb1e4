import Domain
import FoundationEssentials

/// What tokens are issued for: a session at one generation, and what its access token says.
struct Grant: Sendable {
    let tenant: Tenant
    let session: UUID
    let user: UUID
    let client: String
    let scope: String
    let roles: [String]
    let generation: UInt64
}
