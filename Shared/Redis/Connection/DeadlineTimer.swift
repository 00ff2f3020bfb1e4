import NIOCore

/// One timer for many deadlines: set to the earliest, it fires at most once for all of them. Lives on its event loop.
///
/// Deadlines that are met before the timer fires cost nothing; a timer for each command would cost as much as sending
/// it.
final class DeadlineTimer {
    private let eventLoop: any EventLoop
    private var scheduled: (deadline: NIODeadline, task: Scheduled<Void>)?
    /// Called when the time has come. It says itself, by `arm`, when it wants to be called again.
    var onDeadline: () -> Void = {}

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Sees to it that the timer fires at this time, if not before.
    func arm(at deadline: NIODeadline) {
        if let scheduled {
            if scheduled.deadline <= deadline { return }
            scheduled.task.cancel()
        }
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self else { return }
            scheduled = nil
            onDeadline()
        }
        scheduled = (deadline, task)
    }

    func cancel() {
        scheduled?.task.cancel()
        scheduled = nil
    }
}
