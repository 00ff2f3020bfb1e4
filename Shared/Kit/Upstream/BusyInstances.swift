import HTTP2
import NIOCore

/// Which instances have said that they have no room for some work, and until when.
///
/// They are asked again after a second at most, usually a few hundredths, so it holds no more than was said in that time.
struct BusyInstances {
    private struct Key: Hashable {
        let connection: ObjectIdentifier
        let work: UpstreamPool.Work
    }

    private var ends: [Key: NIODeadline] = [:]
    private var lastEnd = NIODeadline.distantPast

    mutating func insert(_ connection: HTTP2ClientConnection, _ work: UpstreamPool.Work, until end: NIODeadline) {
        let now = NIODeadline.now()
        ends = ends.filter { $0.value > now }
        ends[Key(connection: ObjectIdentifier(connection), work: work)] = end
        lastEnd = max(lastEnd, end)
    }

    /// Whether nothing is known of any; costs next to nothing as long as nothing is.
    mutating func isEmpty(at now: @autoclosure () -> NIODeadline) -> Bool {
        if ends.isEmpty { return true }
        guard lastEnd <= now() else { return false }
        ends = [:]
        return true
    }

    func contains(_ connection: HTTP2ClientConnection, _ work: UpstreamPool.Work, at now: NIODeadline) -> Bool {
        ends[Key(connection: ObjectIdentifier(connection), work: work)].map { now < $0 } ?? false
    }
}
