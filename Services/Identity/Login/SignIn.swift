import Directory
import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Logging
import NIOCore
import Passwords
import Postgres

/// Decides a login: finds the account, checks the password, asks token for a session.
///
/// Whatever the cause of a refusal, the answer is the same and took the same work. Every way to log in with a password
/// comes by here, so that all share one rule, one count and one history.
struct SignIn: Sendable {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let hasher: PasswordHasher
    let lockout: Lockout
    let token: InternalClient

    /// A login to decide.
    struct Attempt: Sendable {
        var name: String
        var password: String
        var client = DefaultTenant.firstPartyClient
        var scope = ""
        var deviceName: String?
        /// The digests of the marks that the device shows, in hexadecimal.
        var devices: [String] = []
        /// Whether the answer can carry a mark for a device that has none.
        var takesMark = false
    }

    /// Why a login was refused, for history and log, never for the caller.
    enum Refusal: String {
        case unknownAccount = "unknown_account"
        case noPassword = "no_password"
        case wrongPassword = "wrong_password"
        case disabled
        case locked
        case unverifiedEmail = "unverified_email"
        case resetNeeded = "reset_needed"
    }

    /// Who signed in, and their first tokens.
    struct Success {
        var tokens: TokenAnswer
        let user: UUID
        /// The mark for a device that came without one that is known.
        var newDevice: KnownDevice?
    }

    /// Signs in.
    /// - Throws: `Problem.invalidCredentials`, or a problem of 503 when no decision could be made.
    func attempt(_ attempt: Attempt, _ call: Call) async throws -> Success {
        guard let tenant = tenants.tenant(call.tenant), tenant.isActive else { throw Problem.invalidCredentials }
        // Whether there is such an account or not: what is refused has asked nothing of the database yet.
        try hasher.admit()
        let rows = try await postgres.query(
            LoginStatements.account,
            [.text(attempt.name), .optional(call.address), .textArray(attempt.devices)], scope: .tenant(call.tenant))
        guard let row = rows.first else { throw Problem.unavailable() }
        let (account, standing) = (try Account(row), try Lockout.Standing(row))
        if let refusal = try await check(attempt, against: account, standing, tenant, call) {
            try await refuse(attempt, account?.id, standing, refusal, call)
        }
        guard let account else { throw Problem.invalidCredentials }
        let newDevice = standing.knownDevice == nil && attempt.takesMark ? KnownDevice() : nil
        let request = OpenSession(
            user: account.id, client: attempt.client, methods: ["pwd"], deviceName: attempt.deviceName,
            scope: attempt.scope, passwordVersion: account.passwordVersion,
            login: .init(knownDevice: standing.knownDevice, newDevice: newDevice?.digest))
        let answer = try await token.send(.post, OpenSession.path, body: request.json, for: call.origin)
        switch answer.status {
        case 200:
            guard let opened = OpenedSession(parsing: answer.body) else { throw Problem.internalError }
            let success = Success(tokens: opened.tokens, user: account.id, newDevice: newDevice)
            return opened.isRecorded ? success : await record(success, of: attempt, standing, call)
        case 403:
            // Disabled, or given another password, between the check and the session.
            try await refuse(attempt, account.id, standing, .disabled, call)
            throw Problem.invalidCredentials
        default:
            throw Problem.unavailable()
        }
    }

    /// Nil when the password is right and the account may sign in. Every path costs one hash.
    private func check(
        _ attempt: Attempt, against account: Account?, _ standing: Lockout.Standing, _ tenant: Tenant, _ call: Call
    ) async throws -> Refusal? {
        let deadline = NIODeadline.now() + .seconds(1)
        guard let password = try? Password(attempt.password) else {
            // A password no account can have. Its length is the caller's own doing and tells nothing of the account.
            return account == nil ? .unknownAccount : standing.isOpen ? .wrongPassword : .locked
        }
        guard let account, let hash = account.hash, standing.isOpen else {
            try await hasher.verifyAbsent(password, deadline: deadline)
            return account == nil ? .unknownAccount : standing.isOpen ? .noPassword : .locked
        }
        let verification: PasswordHasher.Verification
        do throws(PasswordError) {
            verification = try await hasher.verify(password, against: hash, deadline: deadline)
        } catch .unusableHash {
            // An imported hash that is beyond what is evaluated. A reset gives the account another one.
            call.logger.warning("a stored password hash can't be used", metadata: ["user": "\(account.id.text)"])
            try await hasher.verifyAbsent(password, deadline: deadline)
            return .noPassword
        }
        switch verification {
        case .mismatch:
            return .wrongPassword
        case .match(let needsRehash):
            guard account.state == "active" else { return account.state == "locked" ? .locked : .disabled }
            // Where it is hidden which addresses are taken, a login right after registering must not tell.
            let needsProof = tenant.settings.loginNeedsVerifiedEmail || tenant.settings.concealsRegistration
            if account.hasUnprovenEmail, needsProof { return .unverifiedEmail }
            // Told to nobody but whoever has the password.
            if account.mustResetPassword { return .resetNeeded }
            if needsRehash { await rehash(password, hash, of: account.id, call) }
            return nil
        }
    }

    /// Replaces a hash of old parameters or another scheme; the login does not wait on its success.
    private func rehash(_ password: Password, _ old: String, of user: UUID, _ call: Call) async {
        do {
            let new = try await hasher.hash(password, deadline: .now() + .seconds(1))
            _ = try await postgres.query(
                LoginStatements.rehash, [.uuid(user), .text(old), .text(new)], scope: .tenant(call.tenant))
        } catch {
            call.logger.notice("password not rehashed", metadata: ["error": "\(error)"])
        }
    }

    /// Counts and records a refusal. A guess that can't be counted is not answered: otherwise a database in trouble
    /// would mean guesses without limit.
    private func refuse(
        _ attempt: Attempt, _ user: UUID?, _ standing: Lockout.Standing, _ refusal: Refusal, _ call: Call
    ) async throws {
        let isGuess =
            switch refusal {
            case .wrongPassword, .unknownAccount, .noPassword: true
            case .locked, .disabled, .unverifiedEmail, .resetNeeded: false
            }
        let steps =
            [record(attempt, user, session: nil, refusal, call)]
            + lockout.failure(
                .init(user: user, name: attempt.name, isGuess: isGuess, standing: standing, address: call.address))
        _ = try await postgres.pipeline(steps, scope: .tenant(call.tenant))
        throw refusal == .resetNeeded ? Problem.passwordResetNeeded : Problem.invalidCredentials
    }

    /// Records a login whose session was opened by a token process of the version before, which does not do it.
    private func record(
        _ success: Success, of attempt: Attempt, _ standing: Lockout.Standing, _ call: Call
    ) async -> Success {
        var steps = [
            record(attempt, success.user, session: success.tokens.sessionID, nil, call),
            Lockout.forgive(success.user, on: standing.knownDevice),
        ]
        if let known = standing.knownDevice {
            steps.append(KnownDevice.wasUsed(known, by: success.user))
        } else if let device = success.newDevice {
            steps.append(device.remember(for: success.user))
        }
        do throws(PostgresError) {
            _ = try await postgres.pipeline(steps, scope: .tenant(call.tenant))
            return success
        } catch {
            // The session exists by now: history must not change the answer.
            call.logger.warning("login not recorded", metadata: ["error": "\(error)"])
            return Success(tokens: success.tokens, user: success.user, newDevice: nil)
        }
    }

    private func record(
        _ attempt: Attempt, _ user: UUID?, session: UUID?, _ refusal: Refusal?, _ call: Call
    ) -> PostgresStep {
        PostgresStep(
            LoginStatements.record,
            [
                .uuid(.v7()), .optional(user), .text(refusal == nil ? "success" : "failure"),
                .optional(refusal?.rawValue), .optional(session), .optional(call.address),
                .optional(call.userAgent), .optional(attempt.deviceName), .text(call.requestID),
            ])
    }
}

extension Problem {
    /// 403: the password is right, but another has to be chosen by mail before anybody signs in.
    static let passwordResetNeeded = Problem(
        .forbidden, "password_reset_needed", "A new password has to be chosen by the mail that was sent")
}

/// An account as a login finds it.
private struct Account: Sendable {
    let id: UUID
    let state: String
    let hash: String?
    let passwordVersion: Int64?
    let hasUnprovenEmail: Bool
    let mustResetPassword: Bool

    /// Reads a row of `LoginStatements.account`; nil when there is no such account.
    init?(_ row: PostgresRow) throws(PostgresError) {
        guard let id: UUID = try row.decode(0) else { return nil }
        self.id = id
        state = try row.decode(1)
        hash = try row.decode(2)
        passwordVersion = try row.decode(3)
        hasUnprovenEmail = try row.decode(4)
        mustResetPassword = try row.decode(5)
    }
}

extension Lockout.Standing {
    /// Reads a row of `LoginStatements.account`.
    fileprivate init(_ row: PostgresRow) throws(PostgresError) {
        let blocked: [String] = try row.decode(7)
        self.init(
            isAccountBlocked: blocked.contains("account"), isAddressBlocked: blocked.contains("address"),
            knownDevice: try row.decode(6), isDeviceBlocked: blocked.contains("device"))
    }
}
