import FoundationEssentials
import NIOCore

/// Units that go together.
extension DatabaseThread {
    /// Sends those whose turn it is, as long as a connection takes more.
    func placeGathered() {
        while let connection = connectionToShare(), let members = nextMembers() {
            let unit = members.count == 1 ? members[0] : Unit(gathering: members)
            gatherings.begin(unit)
            send(unit, over: connection)
        }
    }

    private func nextMembers() -> [Unit]? {
        var (expired, alone): ([Unit], [Unit]) = ([], [])
        let members = gatherings.next(now: now, expire: { expired.append($0) }, alone: { alone.append($0) })
        for unit in expired { expireUnsent(unit) }
        for unit in alone { standalone.append(unit) }
        return members
    }

    /// Tells the members of a unit, once, what became of it.
    func tellMembers(of unit: Unit, _ outcome: Unit.Outcome) {
        guard !unit.hasToldMembers else { return }
        unit.hasToldMembers = true
        do throws(PostgresError) {
            let rows = try outcome.get().only()
            let positions = try rows.positionsByLastColumn()
            for member in unit.members {
                let position = member.steps.first?.key.flatMap { positions[$0] }
                complete(member, .success([rows.only(position)]))
            }
        } catch .server(let error) where error.isRetryable || !PostgresError.server(error).isUnavailable {
            // Nothing took effect, and one of them may be to blame for all: each goes by itself.
            for member in unit.members { standalone.append(member) }
        } catch {
            for member in unit.members { complete(member, .failure(error)) }
        }
    }
}

extension Unit {
    /// One that stands for several, of one gathered statement and one scope.
    fileprivate convenience init(gathering members: [Unit]) {
        let first = members[0]
        var steps: [EncodedStep] = []
        if let many = first.gathered?.many {
            steps = [EncodedStep(gathering: members.flatMap(\.steps), as: many)]
        }
        self.init(
            kind: .standalone, scope: first.scope, steps: steps, gathered: first.gathered, members: members,
            deadline: members.map(\.deadline).max() ?? first.deadline, loop: nil)
    }
}

extension PostgresRows {
    /// Where the row of each key is, which the last column holds.
    fileprivate func positionsByLastColumn() throws(PostgresError) -> [UUID: Int] {
        var positions: [UUID: Int] = [:]
        positions.reserveCapacity(count)
        for position in indices {
            let row = self[position]
            positions[try row.decode(row.columnCount - 1)] = position
        }
        return positions
    }
}
