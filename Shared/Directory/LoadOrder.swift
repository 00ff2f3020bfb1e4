import FoundationEssentials

/// The order that a directory's loads begin in, which need not be the one that they end in: what was read by an
/// earlier one does not replace what a later one has read.
struct LoadOrder {
    private var begun = 0
    private var lastComplete = 0
    /// Those since the last complete one that counted.
    private var lastPartial: [UUID: Int] = [:]

    /// The number of a load, to be taken before it reads.
    mutating func begin() -> Int {
        begun += 1
        return begun
    }

    /// Lets a load of everything count.
    /// - Returns: The tenants of which a later one has read, whatever this one says of them; nothing where a later one
    ///   has read everything.
    mutating func admit(complete load: Int) -> Set<UUID>? {
        guard load > lastComplete else { return nil }
        lastComplete = load
        lastPartial = lastPartial.filter { $0.value > load }
        return Set(lastPartial.keys)
    }

    /// Lets a load of those tenants count.
    /// - Returns: Those of which no later one has read.
    mutating func admit(_ tenants: Set<UUID>, by load: Int) -> Set<UUID> {
        let admitted = tenants.filter { load > max(lastComplete, lastPartial[$0] ?? 0) }
        for tenant in admitted { lastPartial[tenant] = load }
        return admitted
    }

    /// Whether what is known of the tenant was read by a load that began later than that one.
    func isLater(_ tenant: UUID, than load: Int) -> Bool { max(lastComplete, lastPartial[tenant] ?? 0) > load }
}
