import Domain
import Events
import FoundationEssentials
import NIOConcurrencyHelpers
import Tokens

/// What was found of access tokens that clients asked about, so that asking again costs neither a signature nor a query.
///
/// It remembers what does not change while a token lives. Whether the token, its session or its user's tokens were revoked
/// is for the revocation set to say, each time, and whether its client is still one for the client directory.
final class IntrospectionCache: Sendable {
    /// A token that was good, and what the database said of its user.
    struct Finding: Sendable {
        let claims: AccessTokenClaims
        let revocable: RevocableToken
        let username: String?
        fileprivate var asOf = 0

        /// What was found of a token that says `claims`.
        init(_ claims: AccessTokenClaims, _ revocable: RevocableToken, username: String?) {
            self.claims = claims
            self.revocable = revocable
            self.username = username
        }
    }

    private struct State: Sendable {
        var findings: VerifiedTokenCache<Finding>
        /// Users who changed, by when: what was read of them before is not believed.
        var changes: [UUID: Int] = [:]
        /// Rises with every change.
        var moment = 0
        /// When everything was last forgotten: what was read before is not believed either.
        var forgottenAt = 0
        /// The key set that the tokens were checked with.
        var keys = 0

        mutating func forget() {
            moment += 1
            forgottenAt = moment
            findings.removeAll()
            changes.removeAll(keepingCapacity: true)
        }
    }

    private static let capacity = 8192
    private let state = NIOLockedValueBox(State(findings: VerifiedTokenCache(capacity: capacity)))

    /// The moment that what is read from now on is as of.
    var moment: Int { state.withLockedValue { $0.moment } }

    /// What was found of `token` at `now` (seconds since 1970), under the keys of that generation.
    func finding(for token: String, now: Int64, keys: Int) -> Finding? {
        state.withLockedValue { state in
            if state.keys != keys {
                // A key that is gone takes the tokens it vouched for along.
                state.forget()
                state.keys = keys
            }
            guard let finding = state.findings.value(for: token, now: now) else { return nil }
            if let user = finding.revocable.user, let changed = state.changes[user], changed > finding.asOf {
                return nil
            }
            return finding
        }
    }

    /// Remembers a finding that was read as of `moment` and checked under the keys of that generation.
    func insert(_ finding: Finding, for token: String, asOf moment: Int, keys: Int) {
        var finding = finding
        finding.asOf = moment
        state.withLockedValue { state in
            guard state.keys == keys, moment >= state.forgottenAt else { return }
            if let user = finding.revocable.user, let changed = state.changes[user], changed > moment { return }
            state.findings.insert(finding, for: token, expiresAt: finding.claims.expiresAt)
        }
    }

    /// Takes in that a user changed.
    func apply(_ event: Event) {
        guard event.kind == .userChanged, let user = event.subject else { return }
        state.withLockedValue { state in
            if state.changes.count >= Self.capacity { state.forget() }
            state.moment += 1
            state.changes[user] = state.moment
        }
    }

    /// Forgets everything: what was read may be lost.
    func forget() { state.withLockedValue { $0.forget() } }
}
