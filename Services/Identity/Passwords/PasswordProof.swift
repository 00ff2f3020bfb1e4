import Domain
import FoundationEssentials
import Kit
import NIOCore
import Passwords
import Postgres

/// Asks a person who is signed in for their password once more, before what an open device must not suffice for. Wrong
/// ones count as failed logins do.
struct PasswordProof: Sendable {
    let postgres: PostgresClient
    let hasher: PasswordHasher
    let lockout: Lockout

    /// A person who has just proven who they are.
    struct Proven: Sendable {
        let hash: String
        let email: String?
        let username: String?
        /// The address, when it is known to be theirs: notices go nowhere else.
        let provenEmail: String?
    }

    /// Checks `typed`.
    /// - Throws: `Problem.invalidCredentials` when it is wrong or too many were; `Problem.invalidToken` when the account
    ///   is gone.
    func check(_ typed: String, of person: Call.Person, _ call: Call) async throws -> Proven {
        let scope = PostgresScope.tenant(call.tenant)
        let rows = try await postgres.query(
            PasswordStatements.present, [.uuid(person.user), .text(person.session.text)], scope: scope)
        guard let row = rows.first else { throw Problem.invalidToken }
        let isBlocked: Bool = try row.decode(4)
        guard let hash: String = try row.decode(0), !isBlocked, let password = try? Password(typed) else {
            throw Problem.invalidCredentials
        }
        let verification = try await hasher.verify(password, against: hash, deadline: .now() + .seconds(1))
        guard verification != .mismatch else {
            _ = try await postgres.pipeline(
                lockout.failure(of: person.user, in: person.session), scope: scope)
            throw Problem.invalidCredentials
        }
        let email: String? = try row.decode(1)
        return Proven(
            hash: hash, email: email, username: try row.decode(2), provenEmail: try row.decode(3) ? email : nil)
    }
}
