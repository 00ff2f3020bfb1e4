/// What a subscription tells its reader.
public enum RedisSubscriptionEvent: Sendable, Equatable {
    /// All channels are subscribed to, for the first time or again; whatever was published before may be lost. Also
    /// sent after events had to be dropped because the reader was slow. Whoever keeps state must catch up now.
    case connected
    /// A message: its channel and its payload.
    case message(String, [UInt8])
    /// The link is lost; it is being made again.
    case disconnected
}
