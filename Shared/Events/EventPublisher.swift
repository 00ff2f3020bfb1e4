public import Redis

/// Tells every process that rows of `events` were committed, this one included.
public struct EventPublisher: Sendable {
    private let redis: RedisClient

    /// A publisher.
    public init(redis: RedisClient) {
        self.redis = redis
    }

    /// Publishes the ids of committed events. If the message is lost, the events are found by the next catch-up.
    public func publish(_ ids: [Int64]) {
        guard !ids.isEmpty else { return }
        redis.publish(EventFeed.channel, Array(ids.map(String.init).joined(separator: ",").utf8))
    }
}
