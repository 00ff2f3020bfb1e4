import NIOCore
import Synchronization

/// One unit of work on its way through the database thread: all its statements share a transaction.
///
/// Safe to share although it has variables: `continuation` is written before the unit is submitted and read by the one
/// party that wins `phase`; `outcome` is written by that party before it resumes; the rest belongs to the database
/// thread alone.
final class Unit: @unchecked Sendable {
    enum Kind {
        /// A transaction of its own.
        case standalone
        /// Opens an explicit transaction and reserves a connection for it.
        case opening(Reservation, PostgresIsolation)
        /// Runs inside the reservation's transaction.
        case within(Reservation)
        /// Ends the reservation's transaction.
        case closing(Reservation, commits: Bool)
    }

    /// One result a step, in their order.
    typealias Outcome = Result<[PostgresRows], PostgresError>

    private enum Phase {
        static let created: UInt8 = 0
        static let armed: UInt8 = 1
        static let settled: UInt8 = 2
    }

    let kind: Kind
    let scope: PostgresScope
    let steps: [EncodedStep]
    /// The statement it may go together with others of; nil for those that go by themselves.
    let gathered: PostgresGatheredStatement?
    /// The units it stands for, which are told what becomes of it; none where it stands for itself.
    let members: [Unit]
    let deadline: NIODeadline
    /// When the caller asked for it.
    let createdAt: NIODeadline
    /// The event loop the caller runs on, which then resumes it.
    let loop: (any EventLoop)?

    private let phase = Atomic<UInt8>(Phase.created)
    private var continuation: UnsafeContinuation<Void, Never>?
    private(set) var outcome: Outcome = .failure(.cancelled())

    // The database thread's own.
    /// Set once its members have been told.
    var hasToldMembers = false
    var sentAt: NIODeadline?
    var preparations = 0
    var rows: [PostgresRows] = []
    var failure: PostgresError?
    /// Set once a statement of the unit turned out not to be prepared after all.
    var lostPreparation = false
    /// Set once a statement of the unit turned out to be a BEGIN of the caller's own.
    var opensTransaction = false

    init(
        kind: Kind, scope: PostgresScope, steps: [EncodedStep], gathered: PostgresGatheredStatement? = nil,
        members: [Unit] = [], deadline: NIODeadline, createdAt: NIODeadline = .now(), loop: (any EventLoop)?
    ) {
        self.kind = kind
        self.scope = scope
        self.steps = steps
        self.gathered = gathered
        self.members = members
        self.deadline = deadline
        self.createdAt = createdAt
        self.loop = loop
    }

    /// The name of its first statement, or what it does where it has none; never a value.
    var name: String {
        if let first = steps.first { return first.definition.name }
        return switch kind {
        case .standalone, .within: "none"
        case .opening: "begin"
        case .closing(_, let commits): commits ? "commit" : "rollback"
        }
    }

    /// Those who wait for it: itself, or the units it stands for.
    var waiters: [Unit] { members.isEmpty ? [self] : members }

    /// Whether the unit, once sent, could have changed something that lasts.
    var commitsWhenSent: Bool {
        switch kind {
        case .standalone: true
        case .opening, .within: false
        case .closing(_, let commits): commits
        }
    }

    /// Whether nobody waits for the unit any more.
    var isSettled: Bool {
        phase.load(ordering: .acquiring) == Phase.settled
    }

    /// Hands over the waiting caller. False when it was cancelled already: the caller must then be resumed at once.
    func arm(with continuation: UnsafeContinuation<Void, Never>) -> Bool {
        self.continuation = continuation
        let (exchanged, _) = phase.compareExchange(
            expected: Phase.created, desired: Phase.armed, ordering: .acquiringAndReleasing)
        return exchanged
    }

    /// Fixes the outcome if nobody did before; true obliges to call `resume`.
    func settle(_ outcome: Outcome) -> Bool {
        guard phase.exchange(Phase.settled, ordering: .acquiringAndReleasing) == Phase.armed else { return false }
        self.outcome = outcome
        return true
    }

    /// Lets the caller go on. Only after `settle` said so, and once.
    func resume() {
        continuation?.resume()
        continuation = nil
    }

    /// Forgets what an attempt at the connection left, so that another can be made.
    func reset() {
        sentAt = nil
        rows.removeAll(keepingCapacity: true)
        failure = nil
        lostPreparation = false
        opensTransaction = false
    }
}
