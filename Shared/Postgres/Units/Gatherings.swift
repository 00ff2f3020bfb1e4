import FoundationEssentials
import NIOCore

/// Units that wait to go together, by statement and scope. It only decides who goes when; sending is for others.
struct Gatherings {
    private struct Key: Hashable {
        let statement: String
        let scope: PostgresScope
    }

    /// A class, so that to change it copies nothing and takes one look-up.
    private final class Gathering {
        let key: Key
        var waiting = UnitQueue()
        /// Those sent and not answered, in that order.
        var underWay: [Unit] = []

        init(_ key: Key) { self.key = key }
    }

    /// How many units of one gathering go side by side: with one, the second of two callers would wait for the first's flush
    /// and then for its own. Beside one that stands for several nobody goes until as many wait as may go together: what
    /// another took now would be missing in the next.
    static let atOnce = 2

    /// What takes longer holds up others of its gathering no more: it may be waiting for a lock that concerns nobody else.
    private let patience: TimeAmount
    private var gatherings: [Key: Gathering] = [:]
    /// The gatherings in which somebody waits.
    private var crowded: [Gathering] = []

    init(patience: TimeAmount) {
        self.patience = patience
    }

    /// How many units wait in all.
    private(set) var waiting = 0

    mutating func append(_ unit: Unit) {
        guard let key = Self.key(of: unit) else { return }
        let gathering = gathering(key)
        if gathering.waiting.count == 0 { crowded.append(gathering) }
        gathering.waiting.append(unit)
        waiting += 1
    }

    private mutating func gathering(_ key: Key) -> Gathering {
        if let known = gatherings[key] { return known }
        let new = Gathering(key)
        gatherings[key] = new
        return new
    }

    /// The units that are to go together now, sorted by key, no key twice and at most `PostgresGatheredStatement.limit`;
    /// nil when nobody may go. Of several about one row the first goes along, `alone` takes the others; `expire` takes
    /// those whose time is up.
    mutating func next(now: NIODeadline, expire: (Unit) -> Void, alone: (Unit) -> Void) -> [Unit]? {
        for gathering in crowded where mayGo(gathering, now) {
            var rows: [UUID: Unit] = [:]
            while rows.count < PostgresGatheredStatement.limit, let unit = remove(from: gathering, now: now, expire) {
                guard let row = unit.steps.first?.key, rows[row] == nil else {
                    alone(unit)
                    continue
                }
                rows[row] = unit
            }
            forgetIfEmpty(gathering)
            // One order of locks for all who lock several rows.
            if !rows.isEmpty { return rows.sorted { $0.key < $1.key }.map(\.value) }
        }
        return nil
    }

    private func mayGo(_ gathering: Gathering, _ now: NIODeadline) -> Bool {
        let isFull = gathering.waiting.count >= PostgresGatheredStatement.limit
        var count = 0
        for unit in gathering.underWay where !isLate(unit, now) {
            guard unit.members.isEmpty || isFull else { return false }
            count += 1
        }
        return count < Self.atOnce
    }

    private mutating func remove(from gathering: Gathering, now: NIODeadline, _ expire: (Unit) -> Void) -> Unit? {
        let before = gathering.waiting.count
        let unit = gathering.waiting.first(now: now, expire: expire)
        if unit != nil { gathering.waiting.removeFirst() }
        waiting -= before - gathering.waiting.count
        return unit
    }

    private func isLate(_ unit: Unit, _ now: NIODeadline) -> Bool {
        unit.sentAt.map { now >= $0 + patience } ?? false
    }

    /// A unit of a gathering, or one that stands for several, is about to be sent.
    mutating func begin(_ unit: Unit) {
        guard let key = Self.key(of: unit) else { return }
        gathering(key).underWay.append(unit)
    }

    /// A unit was answered, or will not be.
    mutating func end(_ unit: Unit) {
        guard let key = Self.key(of: unit), let gathering = gatherings[key] else { return }
        gathering.underWay.removeAll { $0 === unit }
        forgetIfEmpty(gathering)
    }

    private mutating func forgetIfEmpty(_ gathering: Gathering) {
        guard gathering.waiting.count == 0 else { return }
        crowded.removeAll { $0 === gathering }
        if gathering.underWay.isEmpty { gatherings[gathering.key] = nil }
    }

    /// When next something is to be done although nothing arrives: a unit expires, or has been under way for too long.
    func nextEvent(now: NIODeadline) -> NIODeadline {
        var next = NIODeadline.distantFuture
        for gathering in crowded {
            next = min(next, gathering.waiting.nextExpiry)
            for unit in gathering.underWay where !isLate(unit, now) {
                if let sentAt = unit.sentAt { next = min(next, sentAt + patience) }
            }
        }
        return next
    }

    /// Hands out those whose deadline has passed or whose caller has gone.
    mutating func removeExpired(now: NIODeadline) -> [Unit] {
        var expired: [Unit] = []
        for gathering in crowded {
            gathering.waiting.removeExpired(now: now) { expired.append($0) }
            forgetIfEmpty(gathering)
        }
        waiting -= expired.count
        return expired
    }

    /// Hands out all that wait.
    mutating func removeAll() -> [Unit] {
        var units: [Unit] = []
        for gathering in crowded {
            units += gathering.waiting.removeAll()
            forgetIfEmpty(gathering)
        }
        waiting = 0
        return units
    }

    private static func key(of unit: Unit) -> Key? {
        unit.gathered.map { Key(statement: $0.one.name, scope: unit.scope) }
    }
}
