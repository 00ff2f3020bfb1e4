/// Which channels a connection is known to be subscribed to.
///
/// A channel given up and wanted again within one round trip has several requests under way; only the answer to the
/// last one says how it stands.
struct ChannelRequests {
    private var underWay: [String: Int] = [:]
    private var subscribed: Set<String> = []

    mutating func sent(_ channel: String) {
        underWay[channel, default: 0] += 1
        subscribed.remove(channel)
    }

    mutating func confirmed(_ channel: String, isSubscribed: Bool) {
        guard let count = underWay[channel] else { return }
        guard count == 1 else {
            underWay[channel] = count - 1
            return
        }
        underWay[channel] = nil
        if isSubscribed { subscribed.insert(channel) }
    }

    func isSubscribed(_ channel: String) -> Bool {
        subscribed.contains(channel)
    }
}
