import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// A user who is to be changed: who, and what whoever wants it may do.
struct UserTarget: Sendable {
    let call: Call
    let id: UUID
    let own: Permissions
    /// Whether the request is about this user alone, so that its `If-Match` is.
    var isAlone = true
}

extension UserTarget {
    /// The user that the path names.
    init(_ call: Call) async throws {
        self.init(call: call, id: try call.id("id"), own: try await call.permissions())
    }
}

/// Runs changes of a user: finds them, decides whether the caller may, keeps others from changing them at the same time.
struct UserChanger: Sendable {
    let changes: ChangeRunner

    /// Runs a change. `body` gets the user as they were before it.
    /// - Throws: `Problem.notFound` for one that isn't there or is another tenant's, `.forbidden` for one who may do what
    ///   the caller may not: an administrator's account is no moderator's to act on; `.preconditionFailed` for one who is
    ///   not what the caller knows.
    func change<Answer: Sendable>(
        _ target: UserTarget,
        _ body: (PostgresTransaction, ManagedUser) async throws -> Changed<Answer>
    ) async throws -> Answer {
        try await changes.run(in: target.call.tenant) { transaction in
            _ = try await transaction.query(UserStatements.lock, [.uuid(target.id)])
            let user = try await transaction.user(target.id)
            if let missing = target.own.lacks(of: user.held.permissions) { throw Problem.beyondCaller(missing) }
            if target.isAlone { try target.call.requireMatch(user) }
            return try await body(transaction, user)
        }
    }
}

extension PostgresTransaction {
    /// The user as they are now, within the transaction.
    /// - Throws: `Problem.notFound`.
    func user(_ id: UUID) async throws -> ManagedUser {
        guard let row = try await query(UserStatements.user, [.uuid(id)]).first else { throw Problem.notFound }
        return try ManagedUser(row)
    }

    /// Makes sure that the system keeps a superuser who can sign in when this one can't any more.
    /// - Throws: 409 `last_superuser`.
    func refuseIfLastSuperuser(_ user: ManagedUser) async throws {
        guard user.isSuperuser else { return }
        _ = try await query(UserStatements.lockRemovals)
        guard try await !query(UserStatements.otherSuperusers, [.uuid(user.id)]).isEmpty else {
            throw Problem.lastSuperuser
        }
    }
}

extension PostgresStep {
    /// Tells others that a user is another now.
    static func userChanged(_ user: UUID) -> PostgresStep { EventStatements.append(.userChanged, subject: user) }

    /// Ends every session of a user.
    static func endSessions(of user: UUID, because reason: String) -> PostgresStep {
        PostgresStep(UserStatements.endSessions, [.uuid(user), .text(reason)])
    }

    /// Cuts off every access token of a user.
    static func raiseEpoch(of user: UUID, because reason: String) -> PostgresStep {
        PostgresStep(UserStatements.raiseEpoch, [.uuid(user), .text(reason)])
    }
}

extension Problem {
    /// 403: somebody would be given what the caller doesn't have.
    static func notHeld(_ missing: String) -> Problem {
        .forbidden("Nobody can grant what they do not hold: \(missing).")
    }

    /// 403: the user may do what the caller may not.
    static func beyondCaller(_ missing: String) -> Problem {
        .forbidden("This user holds what you do not: \(missing).")
    }

    /// 409: somebody has to be left who may do everything.
    static let lastSuperuser = Problem.conflict("last_superuser", "The last active superuser has to stay")
    /// 409: an organization has to keep an owner.
    static let lastOwner = Problem.conflict("last_owner", "The last owner of an organization has to stay")
}
