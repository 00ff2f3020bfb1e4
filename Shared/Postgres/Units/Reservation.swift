/// A transaction's claim on one connection. The state belongs to the database thread alone, hence safe to pass around.
final class Reservation: @unchecked Sendable {
    enum State {
        /// The opening unit has not been sent.
        case pending
        case held(PipelinedConnection)
        /// The connection broke, and the transaction with it.
        case lost(reason: String)
        case ended
    }

    var state = State.pending
}
