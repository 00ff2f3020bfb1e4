import Octets
import Domain
import Events
import FoundationEssentials
import Hummingbird
import Kit
import NIOCore
import Postgres

/// Makes custom roles, changes and removes them.
///
/// Nobody makes a role of what they do not hold, nor touches one that gives it. A change counts up the tenant's epoch and
/// tells it in one event, however many users hold the role: tokens that say what the role gave before are refused.
struct RoleChanger: Sendable {
    let changes: ChangeRunner

    /// The most roles a tenant may have.
    private static let limit = 500

    /// Makes a role.
    func make(_ call: Call, _ content: RoleContent) async throws -> Response {
        let (id, own) = (UUID.v7(), try await call.permissions())
        if let missing = own.lacks(of: .named(Set(content.permissions))) { throw Problem.notHeld(missing) }
        return try await taking(name: content.name) {
            try await changes.create(call, in: call.tenant) { transaction in
                let epoch = try await transaction.raiseRoleEpoch()
                try await transaction.refuseUnknown(content.permissions)
                let count = try await transaction.query(RoleStatements.count).first
                guard
                    try count.map({ row throws(PostgresError) in try row.decode(0, as: Int64.self) }) ?? 0 < Self.limit
                else { throw Problem.conflict("too_many_roles", "A tenant has \(Self.limit) roles at most") }
                _ = try await transaction.query(
                    RoleStatements.insert,
                    [
                        .uuid(id), .text(content.name), .text(content.description), .textArray(content.permissions),
                        .int8(epoch),
                    ])
                var detail = AuditDetail()
                detail.note("name", content.name)
                detail.note("permissions", content.permissions)
                let audit = call.audit("role.made", "role", id.text, detail: detail.json)
                let events = try await transaction.record([], audit: audit)
                return Changed(answer: try await transaction.role(id), events: events)
            }
        }
    }

    /// Changes the role that the path names.
    func change(_ call: Call, _ change: RoleChange) async throws -> ManagedRole {
        let own = try await call.permissions()
        return try await taking(name: change.name ?? "") {
            try await run(call, own) { transaction, role, epoch in
                let wanted = change.applied(to: role)
                if let missing = own.lacks(of: wanted.gives) { throw Problem.notHeld(missing) }
                try await transaction.refuseUnknown(wanted.permissions)
                let detail = role.changes(to: wanted)
                guard !detail.isEmpty else { return Changed(answer: role, events: []) }
                _ = try await transaction.query(
                    RoleStatements.update,
                    [
                        .uuid(role.id), .text(wanted.name), .text(wanted.description), .textArray(wanted.permissions),
                        .int8(epoch),
                    ])
                let isFelt = role.name != wanted.name || role.permissions != wanted.permissions
                let events = try await transaction.record(
                    isFelt ? [.rolesChanged([role.name], epoch)] : [],
                    audit: call.audit("role.changed", "role", role.id.text, detail: detail.json))
                return Changed(answer: try await transaction.role(role.id), events: events)
            }
        }
    }

    /// Removes the role that the path names; whoever had it has it no more.
    func remove(_ call: Call) async throws {
        try await run(call, try await call.permissions()) { transaction, role, epoch in
            var detail = AuditDetail()
            detail.note("name", role.name)
            detail.note("permissions", role.permissions)
            let events = try await transaction.record(
                [.rolesChanged([role.name], epoch)],
                audit: call.audit("role.deleted", "role", role.id.text, detail: detail.json))
            _ = try await transaction.query(RoleStatements.remove, [.uuid(role.id)])
            return Changed(answer: (), events: events)
        }
    }

    /// Runs a change of the role that the path names, one such change of a tenant at a time.
    private func run<Answer: Sendable>(
        _ call: Call, _ own: Permissions,
        _ body: (PostgresTransaction, ManagedRole, Int64) async throws -> Changed<Answer>
    ) async throws -> Answer {
        let id = try call.id("id")
        return try await changes.run(in: call.tenant) { transaction in
            let epoch = try await transaction.raiseRoleEpoch()
            let role = try await transaction.role(id)
            guard !role.isBuiltin else {
                throw Problem.conflict("builtin_role", "A built-in role is what it is")
            }
            if let missing = own.lacks(of: role.gives) { throw Problem.notHeld(missing) }
            try call.requireMatch(role)
            return try await body(transaction, role, epoch)
        }
    }

    private func taking<Answer: Sendable>(
        name: String, _ body: () async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await body()
        } catch let PostgresError.server(error) where error.constraint == "roles_tenant_id_name_key" {
            throw Problem.conflict(
                "role_name_taken", "There is a role of this name",
                errors: [.init(field: "name", code: "taken", detail: "is the name of another role")])
        }
    }
}

extension PostgresTransaction {
    /// Lets others that change the tenant's roles end before and begin after; returns the epoch of this change.
    func raiseRoleEpoch() async throws -> Int64 {
        guard let row = try await query(RoleStatements.raiseEpoch).first else { throw Problem.notFound }
        return try row.decode(0)
    }

    /// The role as it is now, within the transaction.
    /// - Throws: `Problem.notFound`.
    func role(_ id: UUID) async throws -> ManagedRole {
        guard let row = try await query(RoleStatements.role, [.uuid(id)]).first else { throw Problem.notFound }
        return try ManagedRole(row)
    }

    /// Makes sure that permissions exist.
    func refuseUnknown(_ permissions: [String]) async throws {
        let others = permissions.filter { Permission(rawValue: $0) == nil }
        guard !others.isEmpty else { return }
        let rows = try await query(RoleStatements.knownPermissions, [.textArray(others)])
        let known = try rows.map { row throws(PostgresError) in try row.decode(0, as: String.self) }
        guard others.allSatisfy(known.contains) else {
            throw Problem.validation([
                .init(field: "permissions", code: "unknown_permission", detail: "each must be a permission that exists")
            ])
        }
    }
}

extension PostgresStep {
    /// Tells others that custom roles are others now.
    static func rolesChanged(_ names: [String], _ epoch: Int64) -> PostgresStep {
        var json = JSONWriter()
        json.value(
            .object([
                .init("roles", .array(names.map { .string($0) })), .init("epoch", .number(String(epoch))),
            ]))
        return EventStatements.append(.rolesChanged, subject: nil, payload: json.text)
    }
}
