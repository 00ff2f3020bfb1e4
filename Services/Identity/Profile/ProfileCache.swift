import FoundationEssentials
import NIOConcurrencyHelpers
import NIOCore

/// Profiles as they were answered, so that a repeated question costs no statement.
///
/// What a profile shows is counted: a change of the user, of the organization or of anything in the tenant raises a count,
/// and an answer is good only while the counts are those of before its rows were read. A read that began before a change
/// and is stored after it is therefore never found, in whatever order they arrive.
final class ProfileCache: Sendable {
    /// Whose profile, as a token of which organization shows it.
    struct Key: Hashable, Sendable {
        let tenant: UUID
        let user: UUID
        let organization: UUID?
    }

    /// The counts as they were when the rows were asked for.
    struct Stamp: Equatable, Sendable {
        fileprivate let all: UInt64
        fileprivate let tenant: UInt64
        fileprivate let user: UInt64
        fileprivate let organization: UInt64
    }

    private struct Answer {
        let body: ByteBuffer
        let stamp: Stamp
        let end: NIODeadline

        func holds(_ stamp: Stamp, _ now: NIODeadline) -> Bool { self.stamp == stamp && now < end }
    }

    /// Profiles of some users, and the counts that they depend on. Several users share a count: a change of one costs the
    /// others a read, never a wrong answer.
    private struct Shard {
        static let users = 1024
        static let groups = 256

        var all: UInt64 = 0
        var users = [UInt64](repeating: 0, count: Shard.users)
        var tenants = [UInt64](repeating: 0, count: Shard.groups)
        var organizations = [UInt64](repeating: 0, count: Shard.groups)
        var young: [Key: Answer] = [:]
        var old: [Key: Answer] = [:]

        func stamp(of key: Key) -> Stamp {
            Stamp(
                all: all, tenant: tenants[key.tenant.bucket(Shard.groups)],
                user: users[key.user.bucket(Shard.users)],
                organization: key.organization.map { organizations[$0.bucket(Shard.groups)] } ?? 0)
        }

        /// Of two generations the older goes whole when the younger is full: no search for what to drop.
        mutating func keep(_ answer: Answer, for key: Key, limit: Int) {
            if young.count >= limit, young[key] == nil {
                old = young
                young = Dictionary(minimumCapacity: limit)
            }
            young[key] = answer
        }
    }

    /// The most profiles.
    let capacity: Int
    private let lifetime: TimeAmount
    private let isLive: @Sendable () -> Bool
    private let shards: [NIOLockedValueBox<Shard>]
    private let limit: Int
    let tally = Tally()

    /// A cache of `capacity` profiles.
    /// - Parameters:
    ///   - capacity: With 0 nothing is kept.
    ///   - lifetime: How long an answer is good when nothing is heard of a change.
    ///   - isLive: Whether changes are heard of as they happen; nothing is found while they are not.
    init(
        capacity: Int, lifetime: TimeAmount = .seconds(60), isLive: @escaping @Sendable () -> Bool
    ) {
        self.capacity = capacity
        self.lifetime = lifetime
        self.isLive = isLive
        // A power of two; users are not spread evenly enough for few in each.
        let count = capacity < 1024 ? 1 : 16
        // Two generations in each shard.
        limit = max(1, capacity / (2 * count))
        shards = (0..<count).map { _ in NIOLockedValueBox(Shard()) }
    }

    /// The answer, where there is one that still holds.
    func answer(for key: Key, now: NIODeadline = .now()) -> ByteBuffer? {
        guard capacity > 0 else { return nil }
        guard isLive() else {
            tally.count(.bypass)
            return nil
        }
        let body: ByteBuffer? = shard(of: key.user).withLockedValue { shard in
            if let answer = shard.young[key] { return answer.holds(shard.stamp(of: key), now) ? answer.body : nil }
            guard let answer = shard.old[key], answer.holds(shard.stamp(of: key), now) else { return nil }
            // What is asked for stays.
            shard.keep(answer, for: key, limit: limit)
            return answer.body
        }
        tally.count(body == nil ? .miss : .hit)
        return body
    }

    /// To be taken before the rows are asked for.
    func stamp(for key: Key) -> Stamp {
        shard(of: key.user).withLockedValue { $0.stamp(of: key) }
    }

    /// Keeps an answer, unless it may be an old one by now.
    func keep(_ body: ByteBuffer, for key: Key, _ stamp: Stamp, now: NIODeadline = .now()) {
        guard capacity > 0 else { return }
        let answer = Answer(body: body, stamp: stamp, end: now + lifetime)
        shard(of: key.user).withLockedValue { shard in
            guard shard.stamp(of: key) == stamp else { return }
            shard.keep(answer, for: key, limit: limit)
        }
    }

    /// A user is not what they were.
    func forget(user: UUID) {
        shard(of: user).withLockedValue { $0.users[user.bucket(Shard.users)] += 1 }
    }

    /// An organization, its members or its roles are not what they were.
    func forget(organization: UUID) {
        for shard in shards { shard.withLockedValue { $0.organizations[organization.bucket(Shard.groups)] += 1 } }
    }

    /// Something that any user of a tenant may show is not what it was.
    func forget(tenant: UUID) {
        for shard in shards { shard.withLockedValue { $0.tenants[tenant.bucket(Shard.groups)] += 1 } }
    }

    /// Nothing is known any more.
    func forgetAll() {
        for shard in shards {
            shard.withLockedValue { shard in
                shard.all += 1
                shard.young = [:]
                shard.old = [:]
            }
        }
    }

    /// How many answers are kept, those included that do not hold any more.
    var count: Int {
        shards.reduce(0) { sum, shard in sum + shard.withLockedValue { $0.young.count + $0.old.count } }
    }

    private func shard(of user: UUID) -> NIOLockedValueBox<Shard> {
        // Other bits than those of a bucket, of which each shard would else use few.
        shards[Int(truncatingIfNeeded: user.spread >> 56) & (shards.count - 1)]
    }
}

extension UUID {
    /// Its last bytes, which are random in a UUIDv7, over all bits.
    fileprivate var spread: UInt64 {
        let bytes = uuid
        let tail = UInt64(bytes.15) | UInt64(bytes.14) << 8 | UInt64(bytes.13) << 16 | UInt64(bytes.12) << 24
        // Fibonacci hashing: 2^64 divided by the golden ratio.
        return tail &* 0x9e37_79b9_7f4a_7c15
    }

    /// One of `count` buckets, a power of two.
    fileprivate func bucket(_ count: Int) -> Int { Int(truncatingIfNeeded: spread >> 32) & (count - 1) }
}
