import Postgres

/// How far a process has followed the events: everything up to and including this position was applied.
///
/// Positions are pairs of the writing transaction and the row's id. A position may advance only below the horizon, the
/// oldest transaction that was still running before the read: at or above it, rows may yet appear behind ones already
/// seen, so those are read again next time.
///
/// A position means something on one timeline only. A standby that was promoted without the last commits of the old
/// primary gives their transaction ids, and maybe their row ids, to other rows.
struct EventCursor: Sendable, Equatable {
    private(set) var transaction: Int64
    private(set) var id: Int64
    private(set) var timeline: PostgresTimeline?

    /// Before every event.
    static let start = EventCursor(transaction: 0, id: 0)

    var isAtStart: Bool { transaction == 0 }

    /// Goes back to the start where what was read so far is another timeline's; then the answer is true.
    mutating func resetIfElsewhere(than present: PostgresTimeline?) -> Bool {
        guard timeline != present else { return false }
        let hasRead = !isAtStart
        self = .start
        timeline = present
        return hasRead
    }

    /// Moves to just below `horizon`, once everything the snapshot showed was applied. Never moves back.
    mutating func advance(to horizon: Int64) {
        guard horizon - 1 >= transaction else { return }
        transaction = horizon - 1
        id = .max
    }

    /// A database restored into a new cluster counts its transactions anew: a horizon behind the cursor shows it.
    mutating func resetIfAhead(of horizon: Int64) -> Bool {
        guard transaction >= horizon else { return false }
        let timeline = timeline
        self = .start
        self.timeline = timeline
        return true
    }
}
