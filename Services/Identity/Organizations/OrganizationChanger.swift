import Octets
import Domain
import Events
import FoundationEssentials
import Hummingbird
import Kit
import NIOCore
import Postgres

/// Who changes an organization, and what they are there.
struct OrganizationStanding: Sendable {
    let organization: UUID
    let user: UUID
    let role: OrganizationRole
}

/// What a change came to: what is answered, and the events to publish once it is committed.
struct OrganizationChange<Answer: Sendable>: Sendable {
    let answer: Answer
    var events: [Int64] = []
}

/// Runs changes of the organization that a request's path names, each in one transaction and one after another.
struct OrganizationChanger: Sendable {
    let postgres: PostgresClient
    let publisher: EventPublisher
    let keys: IdempotencyKeys
    let profiles: ProfileCache

    /// Runs a change. A deadlock runs `body` again, so it has no effects but its statements'.
    /// - Parameters:
    ///   - users: Finds the users whose tokens it may cut off.
    ///   - body: Gets the caller's standing as it is under the organization's lock.
    /// - Throws: `Problem.notFound` where the caller does not belong to it, whether it exists or not.
    func change<Answer: Sendable>(
        _ call: Call,
        locking users: (PostgresTransaction, UUID) async throws -> [UUID] = { _, _ in [] },
        _ body:
            (PostgresTransaction, OrganizationStanding) async throws ->
            OrganizationChange<Answer>
    ) async throws -> Answer {
        let (organization, user) = (try call.id("id"), try call.person().user)
        defer { profiles.forget(organization: organization) }
        return try await run(call) { transaction in
            // Strangers get no further than this: no lock is theirs to take.
            _ = try await transaction.standing(of: user, in: organization)
            let touched = try await users(transaction, organization)
            if !touched.isEmpty {
                _ = try await transaction.query(OrganizationStatements.lockUsers, [.uuidArray(touched)])
            }
            _ = try await transaction.query(OrganizationStatements.lock, [.uuid(organization)])
            return try await body(transaction, transaction.standing(of: user, in: organization))
        }
    }

    /// Runs a creation of something of the organization's, once for each key that its request carries; else as `change`.
    func create<Answer: ResponseContent>(
        _ call: Call,
        _ body:
            (PostgresTransaction, OrganizationStanding) async throws ->
            OrganizationChange<Answer>
    ) async throws -> Response {
        let (organization, user) = (try call.id("id"), try call.person().user)
        defer { profiles.forget(organization: organization) }
        return try await once(call) { transaction in
            _ = try await transaction.query(OrganizationStatements.lock, [.uuid(organization)])
            return try await body(transaction, transaction.standing(of: user, in: organization))
        } after: { transaction in
            _ = try await transaction.standing(of: user, in: organization)
        }
    }

    /// Runs a creation in a transaction, once for each key that its request carries.
    /// - Parameter check: What has to hold before, also where the answer was given already; locks nothing.
    func once<Answer: ResponseContent>(
        _ call: Call,
        _ body: (PostgresTransaction) async throws -> OrganizationChange<Answer>,
        after check: (PostgresTransaction) async throws -> Void = { _ in }
    ) async throws -> Response {
        try await run(call) { transaction in
            try await check(transaction)
            var events: [Int64] = []
            let outcome = try await keys.once(call, in: transaction) {
                let change = try await body(transaction)
                events = change.events
                return change.answer
            }
            return OrganizationChange(answer: outcome.response, events: events)
        }
    }

    private func run<Answer: Sendable>(
        _ call: Call, _ body: (PostgresTransaction) async throws -> OrganizationChange<Answer>
    ) async throws -> Answer {
        let change = try await postgres.transaction(scope: .tenant(call.tenant), body)
        publisher.publish(change.events)
        return change.answer
    }
}

extension PostgresTransaction {
    /// - Throws: `Problem.notFound` where the user does not belong to the organization.
    fileprivate func standing(
        of user: UUID, in organization: UUID
    ) async throws -> OrganizationStanding {
        guard let role = try await organizationRole(of: user, in: organization) else { throw Problem.notFound }
        return OrganizationStanding(organization: organization, user: user, role: role)
    }

    /// What a user is in an organization; nil when they do not belong to it.
    func organizationRole(
        of user: UUID, in organization: UUID
    ) async throws -> OrganizationRole? {
        let rows = try await query(OrganizationStatements.role, [.uuid(organization), .uuid(user)])
        return try rows.first.map { row throws(PostgresError) in try OrganizationRole(row, at: 0) }
    }

    /// The role of an organization by its name.
    /// - Throws: `Problem.validation` when it has none of that name.
    func organizationRole(
        named name: String, in organization: UUID
    ) async throws -> OrganizationRole {
        if let builtin = OrganizationRole(builtin: name) { return builtin }
        let rows = try await query(CustomRoleStatements.named, [.uuid(organization), .text(name)])
        guard let row = rows.first else {
            throw Problem.validation([
                .init(
                    field: "role", code: "unknown_role",
                    detail: "must be owner, admin, member or the name of a role of the organization")
            ])
        }
        return .custom(
            id: try row.decode(0), name: try row.decode(1), permissions: Set(try row.decode(2, as: [String].self)))
    }

    /// Makes sure that an organization keeps an owner when this one is none any more.
    /// - Throws: 409 `last_owner`.
    func refuseIfLastOwner(_ user: UUID, of organization: UUID) async throws {
        let rows = try await query(MemberStatements.hasOtherOwner, [.uuid(organization), .uuid(user)])
        guard let row = rows.first, try row.decode(0, as: Bool.self) else { throw Problem.lastOwner }
    }

    /// Completes a change with all that has to be told of it: the row in the audit log, the event, and that tokens of
    /// some users are cut off.
    /// - Returns: The ids of the events.
    func record(
        _ organization: UUID, cutting users: [UUID] = [], because reason: String = "", audit: PostgresStep
    ) async throws -> [Int64] {
        var steps = [EventStatements.append(.organizationChanged, subject: organization), audit]
        if !users.isEmpty {
            steps.append(PostgresStep(OrganizationStatements.raiseEpochs, [.uuidArray(users), .text(reason)]))
        }
        let answers = try await pipeline(steps)
        var events: [Int64] = []
        for rows in [answers[0]] + answers.dropFirst(2) {
            for row in rows { events.append(try row.decode(0)) }
        }
        return events
    }
}

extension Call {
    /// A row of the audit log on an organization.
    /// - Parameter detail: Pairs of names and values, which are ids and names of roles.
    func audit(_ action: String, of organization: UUID, _ detail: KeyValuePairs<String, String> = [:]) -> PostgresStep {
        var json = JSONWriter()
        json.beginObject()
        for (name, value) in detail {
            json.member(name, value)
        }
        json.endObject()
        return audit(action, "organization", organization.text, detail: json.text)
    }
}

extension Problem {
    /// 409: an organization has to keep an owner.
    static let lastOwner = Problem.conflict("last_owner", "The last owner of an organization has to stay")
}
