import Domain
import FoundationEssentials
import Kit

/// Decides what becomes of each row, by what is there already. No I/O: whoever holds it looks that up.
struct ImportPlanner {
    /// Whom a row's names belong to. Keys are digests of the names as they are compared.
    struct Match {
        var emailKey: UUID?
        var usernameKey: UUID?
        var byEmail: UUID?
        var byUsername: UUID?
        var byID: UUID?

        static let none = Match()
    }

    /// A user as an update finds them.
    struct Present {
        let user: ManagedUser
        let hasPassword: Bool
    }

    enum Decision {
        /// Nothing is to be written.
        case settled(RowOutcome)
        case create(ImportRow, id: UUID)
        case update(ImportRow, Present, wanted: ManagedUser, roles: [String])
        /// The row is about a user whom one before it changes, or about a new one who takes a name that one before it
        /// frees: it is decided anew once that is done.
        case later
    }

    let policy: ConflictPolicy
    let isDryRun: Bool
    /// What whoever imports may do.
    let own: Permissions
    /// The roles of the tenant, and what the custom ones among them give.
    private var roles: [String: [String]] = [:]
    /// The names of users who were made or renamed, or would have been.
    private var emails = GivenNames()
    private var usernames = GivenNames()
    /// The ids that rows chose for users who were made, or would have been.
    private var made: Set<UUID> = []
    private var touched: Set<UUID> = []

    init(policy: ConflictPolicy, isDryRun: Bool, own: Permissions) {
        self.policy = policy
        self.isDryRun = isDryRun
        self.own = own
    }

    /// Takes the roles as they are now, and forgets what is in the database by now. A dry run puts nothing there, and
    /// remembers it to the end.
    mutating func beginBatch(roles: [String: [String]]) {
        self.roles = roles
        touched = []
        guard !isDryRun else { return }
        emails = GivenNames()
        usernames = GivenNames()
        made = []
    }

    /// Decides on the next row.
    mutating func decide(_ line: Int64, _ row: ImportRow, _ match: Match, _ present: [UUID: Present]) -> Decision {
        guard (row.roles ?? []).allSatisfy({ roles[$0] != nil }) else {
            return failed(line, .init(field: "roles", "unknown_role", "each must be the name of a role"))
        }
        let byEmail = emails.owner(of: match.emailKey, match.byEmail)
        let byUsername = usernames.owner(of: match.usernameKey, match.byUsername)
        let byID = match.byID ?? row.id.flatMap { made.contains($0) ? $0 : nil }
        let found = Set([byEmail, byUsername, byID].compactMap { $0 })
        guard let target = found.first else { return create(line, row, match) }
        switch policy {
        case .skip: return .settled(.init(line: line, status: .skipped, user: target))
        case .fail:
            let field = byID != nil ? "id" : byEmail != nil ? "email" : "username"
            return failed(line, .init(field: field, "taken", "belongs to a user who is there already"))
        case .update: break
        }
        guard found.count == 1 else {
            return failed(line, .init("ambiguous", "its names belong to different users"))
        }
        guard let present = present[target] else {
            // Made or renamed by a row before this one, in this transaction or in none at all.
            return updateAgain(line, target, match)
        }
        return update(line, row, present, match, keepsEmail: byEmail == target || row.email == nil)
    }

    private mutating func create(_ line: Int64, _ row: ImportRow, _ match: Match) -> Decision {
        guard row.email != nil || row.username != nil else {
            return failed(line, .init(field: "id", "unknown_user", "is no user's, and there is no name for a new one"))
        }
        guard row.id == nil || own == .everything else {
            return failed(line, .init(field: "id", "forbidden", "is chosen for a new user by a superuser only"))
        }
        if let names = row.roles, names != [BuiltinRole.user], let fault = fault(granting: names) {
            return failed(line, fault)
        }
        // The database finds somebody by such a name whom a row before this one renames, and a batch makes users before
        // it renames any.
        guard isDryRun || (match.byEmail == nil && match.byUsername == nil) else { return .later }
        // Ids rise with time, and lists go by them: the time is when the user came to the other system.
        var random = SystemRandomNumberGenerator()
        let id = row.id ?? .v7(at: row.createdAt ?? Date(), using: &random)
        emails.make(match.emailKey, for: id)
        usernames.make(match.usernameKey, for: id)
        if row.id != nil { made.insert(id) }
        guard !isDryRun else { return .settled(.init(line: line, status: .created)) }
        return .create(row, id: id)
    }

    private mutating func update(
        _ line: Int64, _ row: ImportRow, _ present: Present, _ match: Match, keepsEmail: Bool
    ) -> Decision {
        let user = present.user
        guard !user.isSuperuser else {
            return failed(line, .init("forbidden", "a superuser is not changed by an import"))
        }
        if let missing = own.lacks(of: user.held.permissions) {
            return failed(line, .init("forbidden", "this user holds what you do not: \(missing)"))
        }
        let roles = row.roles?.sorted() ?? user.roles
        if roles != user.roles, let fault = fault(granting: roles.filter { !user.roles.contains($0) }) {
            return failed(line, fault)
        }
        guard !touched.contains(user.id) else { return updateAgain(line, user.id, match) }
        var wanted = user
        wanted.email = row.email ?? user.email
        wanted.username = row.username ?? user.username
        wanted.displayName = row.displayName ?? user.displayName
        wanted.state = row.state ?? user.state
        wanted.isEmailVerified = row.isEmailVerified ?? (keepsEmail && user.isEmailVerified)
        let setsPassword = row.passwordHash != nil && !present.hasPassword
        // On a dry run, a name that they have in the database can be one that a row before this one took from them.
        let keepsUsername =
            match.usernameKey == nil || usernames.owner(of: match.usernameKey, match.byUsername) == user.id
        let isSame =
            user.changes(to: wanted).isEmpty && roles == user.roles && !setsPassword && keepsEmail && keepsUsername
        touched.insert(user.id)
        guard !isSame else { return .settled(.init(line: line, status: .unchanged, user: user.id)) }
        give(match, to: user.id)
        guard !isDryRun else { return .settled(.init(line: line, status: .updated, user: user.id)) }
        return .update(row, present, wanted: wanted, roles: roles)
    }

    /// A row about a user whom one before it makes or changes.
    private mutating func updateAgain(_ line: Int64, _ user: UUID, _ match: Match) -> Decision {
        guard isDryRun else { return .later }
        give(match, to: user)
        return .settled(.init(line: line, status: .updated, user: user))
    }

    /// The names of a row are this user's from here on: a row behind it that says one of them is about the same user,
    /// or about two, and would otherwise be kept out by the database, with all that come with it.
    private mutating func give(_ match: Match, to user: UUID) {
        emails.give(match.emailKey, match.byEmail, to: user)
        usernames.give(match.usernameKey, match.byUsername, to: user)
    }

    /// Why roles can't be given, nor others taken in their place.
    private func fault(granting names: [String]) -> RowFaults? {
        guard own.contains(.rolesWrite) else {
            return .init(
                field: "roles", "forbidden", "giving roles needs the permission \(Permission.rolesWrite.rawValue)")
        }
        let gift = Permissions(roles: names, custom: names.flatMap { roles[$0] ?? [] })
        return own.lacks(of: gift).map { missing in
            .init(field: "roles", "forbidden", "nobody can grant what they do not hold: \(missing)")
        }
    }

    private func failed(_ line: Int64, _ faults: RowFaults) -> Decision {
        .settled(.init(line: line, status: .failed, faults: faults))
    }
}
