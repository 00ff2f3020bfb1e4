public import FoundationEssentials
import NIOConcurrencyHelpers

/// The sessions whose access tokens are refused although they have not expired.
///
/// It lives as long as the longest access token: after that a revoked session's tokens have expired by themselves.
public final class RevocationSet: Sendable {
    private struct State {
        var current: Set<UUID> = []
        var previous: Set<UUID> = []
        var turnedAt: Date
    }

    private let lifetime: Duration
    private let state: NIOLockedValueBox<State>

    /// A set whose members stay at least `lifetime`, the longest an access token may live.
    public init(lifetime: Duration, now: Date = Date()) {
        self.lifetime = lifetime
        self.state = NIOLockedValueBox(State(turnedAt: now))
    }

    /// Whether tokens of this session are refused. Allocates nothing.
    public func contains(session: UUID) -> Bool {
        state.withLockedValue { $0.current.contains(session) || $0.previous.contains(session) }
    }

    /// How many are in it.
    public var count: Int { state.withLockedValue { $0.current.union($0.previous).count } }

    /// Takes in sessions. Two generations of members, turned once a lifetime, let the old ones go without a search.
    public func insert(_ sessions: some Sequence<UUID>, now: Date = Date()) {
        state.withLockedValue { state in
            let age = now.timeIntervalSince(state.turnedAt)
            if age >= Double(lifetime.components.seconds) {
                // After two lifetimes of quiet nothing of before counts any more.
                state.previous = age >= 2 * Double(lifetime.components.seconds) ? [] : state.current
                state.current = []
                state.turnedAt = now
            }
            state.current.formUnion(sessions)
        }
    }

    /// Takes in what an event says.
    public func apply(_ event: Event) {
        switch event.kind {
        case .sessionRevoked:
            if let session = event.subject { insert(CollectionOfOne(session)) }
        case .sessionsRevoked:
            insert(Self.sessions(in: event.payload))
        default:
            break
        }
    }

    /// The ids in `{"sessions": ["…"]}`.
    private static func sessions(in payload: String) -> [UUID] {
        struct Payload: Decodable { let sessions: [UUID] }
        return (try? JSONDecoder().decode(Payload.self, from: Data(payload.utf8)))?.sessions ?? []
    }
}
