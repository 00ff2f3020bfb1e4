import Domain
import FoundationEssentials
public import Kit
import NIOCore
public import Passwords
import Postgres

/// Takes a new password: by the tenant's policy, not one that was there before, and hashed.
struct PasswordIntake: Sendable {
    let postgres: PostgresClient
    let hasher: PasswordHasher
    let blocked: BlockedPasswords

    /// Whose password it is to be.
    struct Owner: Sendable {
        /// Nil for one who is only now registering.
        var user: UUID?
        var email: String?
        var username: String?
    }

    /// The stored form of a new password.
    /// - Throws: `Problem.validation` on `field` with every rule that it breaks; `PasswordError.overloaded`.
    func take(_ typed: String, field: String, for owner: Owner, of tenant: Tenant) async throws -> String {
        let password: Password
        do throws(PasswordError) {
            password = try Password(typed)
        } catch {
            let detail = error == .containsNUL ? "must not contain a NUL character" : "must have at most 1024 bytes"
            let code = error == .containsNUL ? "invalid_character" : "too_long"
            throw Problem.validation([.init(field: field, code: code, detail: detail)])
        }
        var own = [tenant.slug, tenant.name]
        if let email = owner.email { own += [String(email.prefix { $0 != "@" }), email] }
        if let username = owner.username { own.append(username) }
        let policy = PasswordPolicy(
            minimumLength: tenant.settings.passwordMinimumLength, classes: tenant.settings.passwordClasses,
            blocked: blocked)
        var violations = policy.violations(password, own: own)
        if violations.isEmpty, try await wasUsed(password, by: owner, of: tenant) {
            violations.append(
                .init(code: "password_reused", detail: "must not be one that this account had before"))
        }
        guard violations.isEmpty else {
            throw Problem.validation(violations.map { .init(field: field, code: $0.code, detail: $0.detail) })
        }
        return try await hasher.hash(password, deadline: .now() + .seconds(2))
    }

    /// The present password counts as used whatever the tenant keeps.
    private func wasUsed(_ password: Password, by owner: Owner, of tenant: Tenant) async throws -> Bool {
        guard let user = owner.user else { return false }
        let rows = try await postgres.query(
            PasswordStatements.recent, [.uuid(user), .int4(Int32(tenant.settings.passwordHistory))],
            scope: .tenant(tenant.id))
        for row in rows {
            let stored: String = try row.decode(0)
            do throws(PasswordError) {
                let deadline = NIODeadline.now() + .seconds(2)
                if try await hasher.verify(password, against: stored, deadline: deadline) != .mismatch { return true }
            } catch .unusableHash {
                // Nobody can say; it must not keep the account from getting a password that works.
                continue
            }
        }
        return false
    }
}

extension PasswordError: ProblemRepresentable {
    /// 503 when there is too much hashing to do, 500 for a stored hash that can't be used.
    public var problem: Problem {
        switch self {
        case .overloaded(let respite): .hashesWait(for: respite)
        case .containsNUL, .tooLong: .invalidCredentials
        case .unusableHash, .failed: .internalError
        }
    }
}

extension Problem {
    /// 503: as many hashes wait as may, or one has waited for too long.
    ///
    /// Gateways are to turn logins away until half of those that wait have been begun: so most refusals cost identity
    /// nothing, and its threads still have work when logins are let through again.
    fileprivate static func hashesWait(for respite: TimeAmount) -> Problem {
        var problem = Problem.overloaded()
        problem.headers.tellGateway(InternalHeader.busy, String(respite.nanoseconds / 1_000_000))
        return problem
    }
}
