import Domain
import FoundationEssentials
import Kit
import Postgres

/// What an import makes of a user who is there.
struct UserUpdate {
    let row: ImportRow
    let present: ImportPlanner.Present
    let wanted: ManagedUser
    let roles: [String]
}

/// What an import reads and writes of users, within its transaction.
extension PostgresTransaction {
    /// The roles of the tenant, and what the custom ones among them give.
    func rolesToGive() async throws(PostgresError) -> [String: [String]] {
        var roles: [String: [String]] = [:]
        for row in try await query(ImportStatements.roles) { roles[try row.decode(0)] = try row.decode(1) }
        return roles
    }

    /// Whom the names of rows belong to, in the order of the rows.
    func matches(
        of entries: [ImportEntry]
    ) async throws(PostgresError) -> [ImportPlanner.Match] {
        let none = UUID(high: 0, low: 0)
        let rows = entries.map { try? $0.row.get() }
        let found = try await query(
            ImportStatements.match,
            [
                .textArray(rows.map { $0?.email ?? "" }), .textArray(rows.map { $0?.username ?? "" }),
                .uuidArray(rows.map { $0?.id ?? none }),
            ])
        return try found.map { row throws(PostgresError) in
            ImportPlanner.Match(
                emailKey: try row.decode(0), usernameKey: try row.decode(1), byEmail: try row.decode(2),
                byUsername: try row.decode(3), byID: try row.decode(4))
        }
    }

    /// The users who were matched, as they are, kept from being changed by others.
    func present(
        _ matches: [ImportPlanner.Match]
    ) async throws(PostgresError) -> [UUID: ImportPlanner.Present] {
        let ids = Set(matches.flatMap { [$0.byEmail, $0.byUsername, $0.byID].compactMap { $0 } })
        guard !ids.isEmpty else { return [:] }
        let locked = try await query(ImportStatements.lock, [.uuidArray(ids.sorted { $0.text < $1.text })])
        var hasPassword: [UUID: Bool] = [:]
        for row in locked { hasPassword[try row.decode(0)] = try row.decode(1) }
        var present: [UUID: ImportPlanner.Present] = [:]
        for row in try await query(UserStatements.users, [.uuidArray(Array(hasPassword.keys))]) {
            let user = try ManagedUser(row)
            present[user.id] = .init(user: user, hasPassword: hasPassword[user.id] ?? false)
        }
        return present
    }

    /// Makes users with their passwords, roles and audit rows; returns the ids of those whose names were free.
    func make(
        _ rows: [(row: ImportRow, id: UUID)], _ call: Call, _ job: UUID
    ) async throws(PostgresError) -> Set<UUID> {
        let now = Date()
        let users = rows.map(\.row)
        let made = try await query(
            ImportStatements.makeUsers,
            [
                .uuidArray(rows.map(\.id)), .textArray(users.map { $0.email ?? "" }),
                .boolArray(users.map { $0.isEmailVerified ?? false }), .textArray(users.map { $0.username ?? "" }),
                .textArray(users.map { $0.displayName ?? "" }), .textArray(users.map { $0.state ?? "active" }),
                .timestamptzArray(users.map { $0.createdAt ?? now }),
            ])
        var ids: Set<UUID> = []
        for row in made { ids.insert(try row.decode(0)) }
        _ = try await pipeline(Self.completing(rows.filter { ids.contains($0.id) }, call, job))
        return ids
    }

    /// What belongs to users who are there now.
    private static func completing(
        _ rows: [(row: ImportRow, id: UUID)], _ call: Call, _ job: UUID
    ) -> [PostgresStep] {
        let hashes = rows.compactMap { row in row.row.passwordHash.map { (row.id, $0) } }
        let roles = rows.flatMap { row in (row.row.roles ?? [BuiltinRole.user]).map { (row.id, $0) } }
        let details = rows.map { row in
            var detail = AuditDetail()
            detail.note("import", job.text)
            detail.note("email", row.row.email)
            detail.note("username", row.row.username)
            detail.note("roles", row.row.roles ?? [BuiltinRole.user])
            return detail.json
        }
        let actor = call.actor
        return [
            PostgresStep(
                ImportStatements.makePasswords,
                [
                    .uuidArray(hashes.map(\.0)), .uuidArray(hashes.map { _ in .v7() }),
                    .textArray(hashes.map(\.1)),
                ]),
            PostgresStep(
                ImportStatements.makeRoles, [.uuidArray(roles.map(\.0)), .textArray(roles.map(\.1))]),
            PostgresStep(
                ImportStatements.tell,
                [
                    .uuidArray(rows.map { _ in .v7() }), .uuidArray(rows.map(\.id)), .textArray(details),
                    .text(actor.kind), .optional(actor.id), .optional(call.address), .text(call.requestID),
                ]),
        ]
    }

    /// Changes a user as a row says; returns the ids of the events.
    func change(
        _ update: UserUpdate, _ call: Call, _ job: UUID
    ) async throws(PostgresError) -> [Int64] {
        let (row, present, wanted) = (update.row, update.present, update.wanted)
        let user = present.user
        let changesRoles = update.roles != user.roles
        var steps = [
            PostgresStep(
                UserStatements.update,
                [
                    .uuid(user.id), .optional(wanted.email), .optional(wanted.username),
                    .optional(wanted.displayName), .optional(row.isEmailVerified), .text(wanted.state),
                ])
        ]
        var telling = [PostgresStep.userChanged(user.id)]
        let isDisabling = user.state == "active" && wanted.state == "disabled"
        if isDisabling { telling.append(.endSessions(of: user.id, because: "user_disabled")) }
        if changesRoles {
            steps.append(PostgresStep(UserRoleStatements.withdraw, [.uuid(user.id), .textArray(update.roles)]))
            steps.append(PostgresStep(UserRoleStatements.grant, [.uuid(user.id), .textArray(update.roles)]))
        }
        if isDisabling || changesRoles {
            telling.append(.raiseEpoch(of: user.id, because: isDisabling ? "user_disabled" : "roles_changed"))
        }
        if let hash = row.passwordHash, !present.hasPassword {
            steps.append(PostgresStep(ImportStatements.setPassword, [.uuid(user.id), .uuid(.v7()), .text(hash)]))
        }
        var detail = user.changes(to: wanted)
        detail.compare("roles", user.roles, update.roles)
        if row.passwordHash != nil, !present.hasPassword { detail.note("password", "set") }
        detail.note("import", job.text)
        let action = isDisabling ? "user.disabled" : user.state == wanted.state ? "user.changed" : "user.enabled"
        _ = try await pipeline(steps)
        return try await record(telling, audit: call.audit(action, "user", user.id.text, detail: detail.json))
    }
}
