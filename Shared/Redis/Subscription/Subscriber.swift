/// One stream of events: what it wants, and what it has been told.
struct Subscriber {
    let channels: [String]
    private let continuation: AsyncStream<RedisSubscriptionEvent>.Continuation
    /// Whether all channels are confirmed on the connection.
    private(set) var isConnected = false
    /// It must hear `connected` before anything else: it has not yet, or events were dropped.
    private var owesConnected = false

    init(channels: [String], continuation: AsyncStream<RedisSubscriptionEvent>.Continuation) {
        self.channels = channels
        self.continuation = continuation
    }

    mutating func connected() {
        isConnected = true
        owesConnected = true
        settle()
    }

    mutating func disconnected() {
        guard isConnected else { return }
        isConnected = false
        owesConnected = false
        // Where there is no room for it the reader is behind, and hears of the next connection anyway.
        continuation.yield(.disconnected)
    }

    /// Returns false where the message had to be dropped.
    mutating func deliver(_ channel: String, _ payload: [UInt8]) -> Bool {
        // A channel shared with another stream may speak before this stream's other channels are confirmed.
        guard isConnected else { return true }
        settle()
        guard !owesConnected else { return false }
        if case .dropped = continuation.yield(.message(channel, payload)) {
            owesConnected = true
            return false
        }
        return true
    }

    /// Says `connected` if that is owed and there is room again.
    mutating func settle() {
        guard owesConnected, isConnected else { return }
        if case .enqueued = continuation.yield(.connected) { owesConnected = false }
    }

    func finish() {
        continuation.finish()
    }
}
