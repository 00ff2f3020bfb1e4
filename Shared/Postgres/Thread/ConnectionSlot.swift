import NIOCore
import Retries

/// A place for one connection, and where it is between being away and being up.
struct ConnectionSlot {
    enum State {
        /// Nothing to be done before this time.
        case away(until: NIODeadline)
        case connecting
        case up(PipelinedConnection)
    }

    var state = State.away(until: .distantPast)
    var backoff: Backoff

    var connection: PipelinedConnection? {
        if case .up(let connection) = state { connection } else { nil }
    }
}
