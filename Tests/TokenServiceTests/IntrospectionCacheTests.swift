import Domain
import FoundationEssentials
import Testing
import Tokens

@testable import Events
@testable import Token

@Suite("What introspection remembers")
struct IntrospectionCacheTests {
    private let cache = IntrospectionCache()
    private let user = UUID()

    private func remember(_ token: String, of user: UUID, asOf moment: Int = 0, keys: Int = 0) {
        let claims = AccessTokenClaims(
            issuer: "i", subject: user.text, audience: ["i"], issuedAt: 0, expiresAt: 100, id: UUID().text,
            clientID: "c",
            session: UUID().text, tenant: UUID().text)
        cache.insert(.init(claims, claims.revocable, username: token), for: token, asOf: moment, keys: keys)
    }

    private func remembers(_ token: String, now: Int64 = 50, keys: Int = 0) -> Bool {
        cache.finding(for: token, now: now, keys: keys)?.username == token
    }

    private func change(_ user: UUID) {
        cache.apply(Event(kind: .userChanged, id: 1, tenant: UUID(), subject: user, payload: "{}", createdAt: Date()))
    }

    @Test("a token is remembered until it expires")
    func expiry() {
        remember("a", of: user)
        #expect(remembers("a", now: 99))
        #expect(!remembers("a", now: 100))
        #expect(!remembers("b"))
    }

    @Test("a user who changed takes their own tokens along, and what was read of them before")
    func change() {
        let before = cache.moment
        remember("mine", of: user)
        let other = UUID()
        remember("other", of: other)
        change(user)
        #expect(!remembers("mine"))
        #expect(remembers("other"))
        remember("late", of: user, asOf: before)
        #expect(!remembers("late"))
        remember("mine", of: user, asOf: cache.moment)
        #expect(remembers("mine"))
    }

    @Test("other keys, and a past that may be lost, take everything along")
    func everything() {
        remember("a", of: user)
        #expect(!remembers("a", keys: 1))
        remember("a", of: user, asOf: cache.moment)
        #expect(!remembers("a", keys: 1), "it was checked with the keys of before")
        let before = cache.moment
        remember("b", of: user, asOf: before, keys: 1)
        #expect(remembers("b", keys: 1))
        cache.forget()
        #expect(!remembers("b", keys: 1))
        remember("b", of: user, asOf: before, keys: 1)
        #expect(!remembers("b", keys: 1), "it was read before")
    }
}
