public import Domain
public import FoundationEssentials
import NIOConcurrencyHelpers

/// The access tokens that are refused although they have not expired: those of ended sessions, single ones that were
/// revoked, and those of earlier epochs of a user or of a custom role.
///
/// It lives as long as the longest access token: after that what it remembers has expired by itself.
public final class RevocationSet: Sendable {
    /// The lowest epochs that are not refused.
    private struct Epochs {
        /// Of each user.
        var users: [UUID: Int64] = [:]
        /// Of each tenant's custom roles.
        var roles: [UUID: [String: Int64]] = [:]

        func refuses(_ token: RevocableToken) -> Bool {
            if !users.isEmpty, let user = token.user, let least = users[user], token.epoch < least { return true }
            if !roles.isEmpty, let held = token.roles, let epochs = roles[held.tenant] {
                return held.names.contains { name in epochs[name].map { held.epoch < $0 } ?? false }
            }
            return false
        }

        mutating func formUnion(_ other: Epochs) {
            users.merge(other.users) { max($0, $1) }
            roles.merge(other.roles) { $0.merging($1) { max($0, $1) } }
        }
    }

    private struct Members {
        /// Session ids and token ids, which can't be the same.
        var ids: Set<UUID> = []
        var epochs = Epochs()
        /// What was known before a failover. It counts until what is true since was learned.
        var former = Epochs()

        func refuses(_ token: RevocableToken) -> Bool {
            if !ids.isEmpty {
                if let session = token.session, ids.contains(session) { return true }
                if let id = token.id, ids.contains(id) { return true }
            }
            return epochs.refuses(token) || former.refuses(token)
        }

        /// Learns the epochs anew. What is former already stays so: when they were learned the last time, not all were.
        mutating func relearn() {
            swap(&epochs, &former)
            former.formUnion(epochs)
            epochs = Epochs()
        }
    }

    private struct State {
        var current = Members()
        var previous = Members()
        var turnedAt: Date
    }

    private let lifetime: Duration
    private let state: NIOLockedValueBox<State>

    /// A set whose members stay at least `lifetime`, the longest an access token may live.
    public init(lifetime: Duration, now: Date = Date()) {
        self.lifetime = lifetime
        self.state = NIOLockedValueBox(State(turnedAt: now))
    }

    /// Whether a token was revoked. Allocates nothing.
    public func refuses(_ token: RevocableToken) -> Bool {
        state.withLockedValue { $0.current.refuses(token) || $0.previous.refuses(token) }
    }

    /// How many sessions, tokens, users and tenants are in it.
    public var count: Int {
        // Counted in a copy, which costs no more than a reference: whoever checks a token does not wait for it.
        let (current, previous) = state.withLockedValue { ($0.current, $0.previous) }
        let epochs = [current.epochs, current.former, previous.epochs, previous.former]
        return current.ids.count + previous.ids.count { !current.ids.contains($0) }
            + Self.count(epochs.map(\.users)) + Self.count(epochs.map(\.roles))
    }

    /// How many keys there are in any of those.
    private static func count<Value>(_ parts: [[UUID: Value]]) -> Int {
        parts.indices.reduce(0) { sum, index in
            sum + parts[index].keys.count { key in !parts[..<index].contains { $0[key] != nil } }
        }
    }

    /// Takes in sessions or single tokens.
    public func insert(_ ids: some Sequence<UUID>, now: Date = Date()) {
        change(now) { $0.ids.formUnion(ids) }
    }

    /// Refuses a user's tokens of an epoch lower than `epoch`.
    public func insert(user: UUID, epoch: Int64, now: Date = Date()) {
        change(now) { $0.epochs.users[user] = max(epoch, $0.epochs.users[user] ?? 0) }
    }

    /// Refuses a tenant's tokens that name one of `roles` and are of an epoch lower than `epoch`.
    public func insert(roles: [String], of tenant: UUID, epoch: Int64, now: Date = Date()) {
        change(now) { members in
            for role in roles {
                let present = members.epochs.roles[tenant]?[role] ?? 0
                members.epochs.roles[tenant, default: [:]][role] = max(epoch, present)
            }
        }
    }

    /// Two generations of members, turned once a lifetime, let the old ones go without a search.
    private func change(_ now: Date, _ change: (inout Members) -> Void) {
        state.withLockedValue { state in
            let age = now.timeIntervalSince(state.turnedAt)
            if age >= Double(lifetime.components.seconds) {
                // After two lifetimes of quiet nothing of before counts any more.
                state.previous = age >= 2 * Double(lifetime.components.seconds) ? Members() : state.current
                state.current = Members()
                state.turnedAt = now
            }
            change(&state.current)
        }
    }

    /// Forgets the epochs, which events that a failover lost may have raised: tokens that are issued now carry the
    /// lower ones that the database knows, and would be refused. Ended sessions and single tokens stay refused; nobody
    /// is kept out by that, since what is issued now has other ids.
    ///
    /// Within a `Relearning` they count until that is finished, so that tokens that are refused before and after it are
    /// refused meanwhile, too. Otherwise they are gone at once.
    public func forgetEpochs() {
        state.withLockedValue { state in
            state.current.relearn()
            state.previous.relearn()
        }
        guard let relearning = Relearning.current else { return dropFormer() }
        relearning.whenFinished { self.dropFormer() }
    }

    private func dropFormer() {
        state.withLockedValue { state in
            state.current.former = Epochs()
            state.previous.former = Epochs()
        }
    }

    /// Takes in what an event says.
    public func apply(_ event: Event) {
        switch event.kind {
        case .sessionRevoked, .tokenRevoked:
            if let id = event.subject { insert(CollectionOfOne(id)) }
        case .sessionsRevoked:
            struct Payload: Decodable { let sessions: [UUID] }
            if let payload: Payload = Self.read(event) { insert(payload.sessions) }
        case .userEpoch:
            struct Payload: Decodable { let epoch: Int64 }
            if let user = event.subject, let payload: Payload = Self.read(event) {
                insert(user: user, epoch: payload.epoch)
            }
        case .rolesChanged:
            struct Payload: Decodable { let roles: [String], epoch: Int64 }
            if let payload: Payload = Self.read(event) {
                insert(roles: payload.roles, of: event.tenant, epoch: payload.epoch)
            }
        case .userChanged, .organizationChanged, .tenantChanged, .clientChanged, .keysChanged:
            break
        }
    }

    private static func read<Payload: Decodable>(_ event: Event) -> Payload? {
        try? JSONDecoder().decode(Payload.self, from: Data(event.payload.utf8))
    }
}
