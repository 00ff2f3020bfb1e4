import Logging
import NIOCore

/// An event loop and its link: the way to the link from any thread.
struct LoopLink: Sendable {
    let eventLoop: any EventLoop
    private let link: NIOLoopBoundBox<CommandLink>

    init(
        _ configuration: RedisConfiguration, eventLoop: any EventLoop, logger: Logger, metrics: RedisMetrics,
        availability: Availability
    ) {
        self.eventLoop = eventLoop
        link = .makeBoxSendingValue(
            CommandLink(
                configuration, eventLoop: eventLoop, logger: logger, metrics: metrics, availability: availability),
            eventLoop: eventLoop)
    }

    /// At once where the caller is on the loop already.
    func perform(_ body: @escaping @Sendable (CommandLink) -> Void) {
        if eventLoop.inEventLoop {
            body(link.value)
        } else {
            eventLoop.execute { body(link.value) }
        }
    }
}
