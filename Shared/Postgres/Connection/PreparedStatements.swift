/// What one connection has prepared. Server-side names carry an epoch: once a statement turned out to be lost or
/// outdated, all are prepared anew under fresh names, which cannot collide with leftovers or with requests under way.
struct PreparedStatements {
    struct Entry {
        let serverName: String
        let epoch: Int
        let sql: String
    }

    /// Why a statement that the server does not know is not there.
    enum Absence {
        /// Preparing it failed.
        case refused(PostgresServerError)
        /// Preparing it was skipped because something ahead of it in the unit had failed.
        case skipped
        /// It was there once.
        case lost
    }

    private(set) var epoch = 0
    private var entries: [String: Entry] = [:]
    /// Failed attempts by server-side name, until one succeeds: units right behind a failed one count on its
    /// statement, and are to hear what it heard.
    private var failures: [String: PostgresServerError?] = [:]

    /// The statement's entry, if it was prepared or a request to do so is under way.
    func entry(for definition: PostgresStatement.Definition) -> Entry? {
        entries[definition.name]
    }

    /// Notes that the statement is being prepared.
    mutating func add(_ definition: PostgresStatement.Definition) -> Entry {
        let name = epoch == 0 ? definition.name : "\(definition.name)~\(epoch)"
        let entry = Entry(serverName: name, epoch: epoch, sql: definition.sql)
        entries[definition.name] = entry
        return entry
    }

    /// Notes that preparing succeeded.
    mutating func confirm(_ entry: Entry) {
        if !failures.isEmpty { failures[entry.serverName] = nil }
    }

    /// Notes that preparing failed, or with nil that it was skipped.
    mutating func remove(_ definition: PostgresStatement.Definition, _ entry: Entry, error: PostgresServerError?) {
        failures.updateValue(error, forKey: entry.serverName)
        if entries[definition.name]?.epoch == entry.epoch { entries[definition.name] = nil }
    }

    /// Tells why the server does not know a statement that was counted on.
    func absence(of entry: Entry) -> Absence {
        switch failures[entry.serverName] {
        case .none: .lost
        case .some(.none): .skipped
        case .some(.some(let error)): .refused(error)
        }
    }

    /// Notes that a statement of the given epoch is gone or outdated; the others are as suspect.
    mutating func forgetAll(epoch lost: Int) {
        guard lost == epoch else { return }
        epoch += 1
        entries.removeAll()
        failures.removeAll()
    }
}
