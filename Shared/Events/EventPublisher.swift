public import FoundationEssentials
public import Redis

/// Tells every process that rows of `events` were committed, this one included.
public struct EventPublisher: Sendable {
    private let redis: RedisClient
    private let codec: EndedSessionCodec

    /// A publisher.
    /// - Parameter codec: Under the key of those who are told.
    public init(redis: RedisClient, codec: EndedSessionCodec) {
        self.redis = redis
        self.codec = codec
    }

    /// Publishes the ids of committed events. If the message is lost, the events are found by the next catch-up.
    public func publish(_ ids: [Int64]) {
        guard !ids.isEmpty else { return }
        redis.publish(EventFeed.channel, EventHint.naming(ids))
    }

    /// Publishes that one session has ended, of which a committed event of kind `sessionRevoked` tells, so that nobody has to
    /// read it to know. If the message is lost, the event is found by the next catch-up.
    public func publish(ended session: UUID, of tenant: UUID, event id: Int64) {
        redis.publish(EventFeed.channel, EventHint.telling(session, of: tenant, event: id, codec))
    }
}
