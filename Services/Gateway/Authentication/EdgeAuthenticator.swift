import Directory
import Domain
import Events
import FoundationEssentials
import HTTPFields
import Kit
import Logging
import Tokens

/// Decides at the edge whether an access token is good: signature once, then from the cache until it expires, and each
/// time against the sessions that were revoked.
///
/// One event loop's own.
final class EdgeAuthenticator {
    /// Whom a good token speaks of. A class, since it is handed on often.
    final class Identity: Sendable {
        let claims: AccessTokenClaims
        let token: RevocableToken
        let roles: String
        /// What services are told of it.
        let fields: HeaderBlock

        init(_ claims: AccessTokenClaims) {
            self.claims = claims
            token = claims.revocable
            roles = claims.roles.joined(separator: ",")
            var fields = HeaderBlock()
            // Unindexed are those of one person or token, as `InternalHeader.unindexed` lists them.
            fields.append(InternalHeader.subject, claims.subject, unindexed: true)
            if let session = claims.session { fields.append(InternalHeader.session, session, unindexed: true) }
            fields.append(InternalHeader.client, claims.clientID)
            if !claims.scope.isEmpty { fields.append(InternalHeader.scope, claims.scope) }
            if !roles.isEmpty { fields.append(InternalHeader.roles, roles) }
            if let permissions = claims.customRoles?.line { fields.append(InternalHeader.permissions, permissions) }
            fields.append(InternalHeader.token, claims.id, unindexed: true)
            if let organization = claims.organization { fields.append(InternalHeader.organization, organization.id) }
            if claims.epoch > 0 { fields.append(InternalHeader.epoch, String(claims.epoch)) }
            self.fields = fields
        }
    }

    /// What a token turned out to be.
    enum Outcome {
        case accepted(Identity)
        case refused(TokenRejection)
        /// It was revoked: itself, its session, or all its user's of before.
        case revoked
        /// It names a key that isn't known here: perhaps it is new.
        case unknownKey
    }

    /// The good tokens of one tenant. A class, so that a look at one does not take the dictionary apart.
    private final class Remembered {
        var tokens = VerifiedTokenCache<Identity>()
    }

    private let publicURL: String
    private let keys: KeyDirectory
    private let revocations: RevocationSet
    private var caches: [UUID: Remembered] = [:]
    private var keyGeneration = 0
    private let tally: TokenCheckMetrics.Tally
    private var remembered = 0

    init(publicURL: String, keys: KeyDirectory, revocations: RevocationSet, tally: TokenCheckMetrics.Tally) {
        self.tally = tally
        self.publicURL = publicURL
        self.keys = keys
        self.revocations = revocations
    }

    func check(_ token: String, of tenant: Tenant) -> Outcome {
        let now = Int64(Date().timeIntervalSince1970)
        // A key that is gone takes the tokens it vouched for along.
        if keyGeneration != keys.generation {
            keyGeneration = keys.generation
            caches.removeAll()
            remember(0)
        }
        if let known = caches[tenant.id]?.tokens.value(for: token, now: now) {
            tally.hit()
            return judge(known)
        }
        tally.miss()
        let issuer = tenant.issuer(publicURL: publicURL)
        let verifier = AccessTokenVerifier(issuer: issuer, audience: issuer, tenant: tenant.id.text)
        do throws(TokenRejection) {
            let claims = try verifier.verify(token, now: now) { keys.key($0, of: tenant.id) }
            let identity = Identity(claims)
            let known = caches[tenant.id] ?? Remembered()
            caches[tenant.id] = known
            let before = known.tokens.count
            known.tokens.insert(identity, for: token, expiresAt: claims.expiresAt)
            remember(remembered + known.tokens.count - before)
            return judge(identity)
        } catch .unknownKey {
            return .unknownKey
        } catch {
            return .refused(error)
        }
    }

    private func remember(_ count: Int) {
        remembered = count
        tally.remembers(count)
    }

    /// Whether a token that was found good before still is.
    func isGood(_ identity: Identity) -> Bool {
        identity.claims.expiresAt > Int64(Date().timeIntervalSince1970) && !revocations.refuses(identity.token)
    }

    private func judge(_ identity: Identity) -> Outcome {
        revocations.refuses(identity.token) ? .revoked : .accepted(identity)
    }
}
