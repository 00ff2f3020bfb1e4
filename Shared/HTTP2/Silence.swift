/// How long a peer has not been heard of, in turns of a clock that this is told of.
///
/// Turns are counted, not seconds: a process that was itself stopped for a while finds one turn over, and has the next
/// ones to read what came meanwhile.
struct Silence {
    /// Turns after which it has lasted too long.
    static let limit = 5

    enum Action {
        case wait
        /// Ask for a sign of life.
        case ask
        case giveUp
    }

    private var turns = 0

    /// Something was heard.
    mutating func ends() { turns = 0 }

    /// Another turn is over; says what to do.
    mutating func lasts() -> Action {
        turns += 1
        return turns == 2 ? .ask : turns > Self.limit ? .giveUp : .wait
    }
}
