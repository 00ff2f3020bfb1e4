import Domain
import FoundationEssentials
import NIOCore
import Synchronization
import Testing

@testable import Events
@testable import Identity

@Suite("The cache of profiles")
struct ProfileCacheTests {
    private static func key(_ number: UInt64 = 1, organization: UUID? = nil) -> ProfileCache.Key {
        .init(tenant: UUID(high: 7, low: 7), user: UUID(high: 1, low: number), organization: organization)
    }

    private static func cache(_ capacity: Int = 1000, isLive: @escaping @Sendable () -> Bool = { true }) -> ProfileCache
    {
        ProfileCache(capacity: capacity, isLive: isLive)
    }

    private static func event(_ kind: Event.Kind, tenant: UUID = UUID(high: 7, low: 7), subject: UUID?) -> Event {
        Event(kind: kind, id: 1, tenant: tenant, subject: subject, payload: "{}", createdAt: Date())
    }

    private static func keep(_ text: String, for key: ProfileCache.Key, in cache: ProfileCache) {
        cache.keep(ByteBuffer(string: text), for: key, cache.stamp(for: key))
    }

    @Test("what was kept is found, by tenant, user and organization")
    func found() {
        let cache = Self.cache()
        let organization = UUID(high: 3, low: 3)
        Self.keep("alone", for: Self.key(), in: cache)
        Self.keep("member", for: Self.key(organization: organization), in: cache)
        #expect(cache.answer(for: Self.key()) == ByteBuffer(string: "alone"))
        #expect(cache.answer(for: Self.key(organization: organization)) == ByteBuffer(string: "member"))
        #expect(cache.answer(for: Self.key(2)) == nil)
        let other = ProfileCache.Key(tenant: UUID(high: 8, low: 8), user: UUID(high: 1, low: 1), organization: nil)
        #expect(cache.answer(for: other) == nil)
        #expect(cache.tally.value(of: .hit) == 2)
        #expect(cache.tally.value(of: .miss) == 2)
    }

    @Test(
        "an event drops what it may have changed",
        arguments: [
            (Event.Kind.userChanged, UUID(high: 1, low: 1), true), (.userEpoch, UUID(high: 1, low: 1), true),
            (.userChanged, UUID(high: 1, low: 2), false), (.organizationChanged, UUID(high: 3, low: 3), true),
            (.organizationChanged, UUID(high: 3, low: 4), false), (.rolesChanged, nil, true),
            (.tenantChanged, UUID(high: 7, low: 7), true), (.sessionRevoked, UUID(high: 1, low: 1), false),
        ] as [(Event.Kind, UUID?, Bool)])
    func events(_ kind: Event.Kind, _ subject: UUID?, _ drops: Bool) {
        let cache = Self.cache()
        let key = Self.key(organization: UUID(high: 3, low: 3))
        Self.keep("before", for: key, in: cache)
        cache.apply(Self.event(kind, subject: subject))
        #expect((cache.answer(for: key) == nil) == drops)
    }

    @Test("another tenant's roles change nothing here")
    func otherTenant() {
        let cache = Self.cache()
        Self.keep("before", for: Self.key(), in: cache)
        cache.apply(Self.event(.rolesChanged, tenant: UUID(high: 8, low: 8), subject: nil))
        #expect(cache.answer(for: Self.key()) != nil)
    }

    @Test("rows that were asked for before a change are not kept after it")
    func overtaken() {
        let changes: [(ProfileCache) -> Void] = [
            { $0.forget(user: UUID(high: 1, low: 1)) }, { $0.forget(organization: UUID(high: 3, low: 3)) },
            { $0.forget(tenant: UUID(high: 7, low: 7)) }, { $0.forgetAll() },
        ]
        for change in changes {
            let cache = Self.cache()
            let key = Self.key(organization: UUID(high: 3, low: 3))
            let stamp = cache.stamp(for: key)
            change(cache)
            cache.keep(ByteBuffer(string: "old"), for: key, stamp)
            #expect(cache.answer(for: key) == nil)
        }
    }

    @Test("nothing is found while changes are not heard of, and what still holds is found afterwards")
    func notLive() {
        let live = Flag()
        let cache = Self.cache { live.isRaised }
        Self.keep("kept", for: Self.key(), in: cache)
        #expect(cache.answer(for: Self.key()) == nil)
        #expect(cache.tally.value(of: .bypass) == 1)
        live.raise()
        #expect(cache.answer(for: Self.key()) != nil)
    }

    @Test("an answer holds for its time and no longer")
    func age() {
        let cache = ProfileCache(capacity: 100, lifetime: .seconds(60)) { true }
        let key = Self.key()
        let start = NIODeadline.uptimeNanoseconds(1)
        cache.keep(ByteBuffer(string: "kept"), for: key, cache.stamp(for: key), now: start)
        #expect(cache.answer(for: key, now: start + .seconds(60) - .nanoseconds(1)) != nil)
        #expect(cache.answer(for: key, now: start + .seconds(60)) == nil)
    }

    @Test("there are never more than its capacity, and what is asked for outlives what is not", arguments: [500, 4096])
    func bounds(_ capacity: Int) {
        let cache = Self.cache(capacity)
        let kept = Self.key(.max)
        Self.keep("asked for", for: kept, in: cache)
        for number in 0..<UInt64(20 * capacity) {
            Self.keep("once", for: Self.key(number &* 0x9e37_79b9), in: cache)
            #expect(cache.answer(for: kept) != nil)
            if number % 1000 == 0 { #expect(cache.count <= capacity) }
        }
        #expect(cache.count <= capacity)
        #expect(cache.count > capacity / 4)
    }

    @Test("a capacity of 0 keeps nothing")
    func off() {
        let cache = Self.cache(0)
        Self.keep("kept", for: Self.key(), in: cache)
        #expect(cache.answer(for: Self.key()) == nil)
        #expect(cache.count == 0)
    }
}

private final class Flag: Sendable {
    private let raised = Atomic(false)
    var isRaised: Bool { raised.load(ordering: .relaxed) }
    func raise() { raised.store(true, ordering: .relaxed) }
}
