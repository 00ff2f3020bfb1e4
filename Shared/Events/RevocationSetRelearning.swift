import NIOConcurrencyHelpers

/// The time from when the past has become another one until the events of the lookback were handed out again.
///
/// What a process knows to refuse can't just be forgotten in between: the events may be many, and may take more than
/// one attempt to read. Whoever is told to forget asks here to be told as well when there is something in its place.
final class Relearning: Sendable {
    /// The one that whatever is being told to forget is told by.
    @TaskLocal static var current: Relearning?

    private let completions = NIOLockedValueBox<[@Sendable () -> Void]>([])

    /// Tells them to forget.
    func begin(_ forgettings: [EventFeed.Forgetting]) {
        Self.$current.withValue(self) {
            for forget in forgettings { forget() }
        }
    }

    /// Has that called when everything was learned anew; never, if it was not: then another one begins.
    func whenFinished(_ completion: @escaping @Sendable () -> Void) {
        completions.withLockedValue { $0.append(completion) }
    }

    /// Says that all events were handed out again.
    func finish() {
        let finished = completions.withLockedValue { completions in
            defer { completions = [] }
            return completions
        }
        for completion in finished { completion() }
    }
}
