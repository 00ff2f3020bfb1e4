import NIOCore

/// Settled units of one pass of the database thread, grouped by the event loop their callers run on, so that each loop
/// is woken once however many results there are.
struct Completions {
    private struct Group {
        let loop: any EventLoop
        var units: [Unit]
    }

    private var groups: [Group] = []
    private var withoutLoop: [Unit] = []

    /// Settles the unit and keeps it for delivery, unless its caller has gone already.
    mutating func add(_ unit: Unit, _ outcome: Unit.Outcome) {
        guard unit.settle(outcome) else { return }
        guard let loop = unit.loop else {
            withoutLoop.append(unit)
            return
        }
        if let index = groups.firstIndex(where: { $0.loop === loop }) {
            groups[index].units.append(unit)
        } else {
            groups.append(Group(loop: loop, units: [unit]))
        }
    }

    /// Resumes every caller: one `execute` a loop, the others from here.
    mutating func deliver() {
        for group in groups {
            let units = group.units
            group.loop.execute {
                for unit in units { unit.resume() }
            }
        }
        groups.removeAll(keepingCapacity: true)
        for unit in withoutLoop { unit.resume() }
        withoutLoop.removeAll(keepingCapacity: true)
    }
}
