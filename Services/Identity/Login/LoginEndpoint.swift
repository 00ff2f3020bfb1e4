import Directory
import Domain
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Logging
import NIOCore
import Passwords
import Postgres

/// Decides a login: finds the account, checks the password, asks token for a session.
///
/// Whatever the cause of a refusal, the answer is the same and took the same work.
struct LoginEndpoint {
    let postgres: PostgresClient
    let tenants: TenantDirectory
    let hasher: PasswordHasher
    let token: InternalClient

    var endpoint: Operation {
        let this = self
        return Route(.post, "/api/v1/auth/login", id: "login", tag: "auth", summary: "Sign in with a password")
            .problem(.unauthorized, "invalid_credentials")
            .respond(LoginInput.self, formats: [.json, .form], answer: TokenAnswer.self) { call, input in
                try await this.login(call, input)
            }
    }

    private enum Refusal: String {
        case unknownAccount = "unknown_account"
        case noPassword = "no_password"
        case wrongPassword = "wrong_password"
        case disabled
    }

    private func login(_ call: Call, _ input: LoginInput) async throws -> Response {
        guard let tenant = tenants.tenant(call.tenant), tenant.isActive else { throw Problem.invalidCredentials }
        let rows = try await postgres.query(
            LoginStatements.account, [.text(input.name)], scope: .tenant(call.tenant))
        let account = rows.first
        let user: UUID? = try account?.decode(0)
        let state: String? = try account?.decode(1)
        let hash: String? = try account?.decode(2) ?? nil

        let refusal = try await check(input.password, against: hash, isActive: state == "active", of: user, call)
        if let refusal {
            await record(call, input, user: user, session: nil, refusal: refusal)
            throw Problem.invalidCredentials
        }
        guard let user else { throw Problem.invalidCredentials }
        let request = OpenSession(
            user: user, client: DefaultTenant.firstPartyClient, methods: ["pwd"], deviceName: input.deviceName)
        let answer = try await token.send(.post, OpenSession.path, body: request.json, for: call.origin)
        switch answer.status {
        case 200:
            let session = try? JSONParser.parse(answer.body.readableBytesView)["session_id"]?.string
            await record(call, input, user: user, session: session.flatMap { UUID(uuidString: $0) }, refusal: nil)
            return .json(answer.body)
        case 403:
            // Disabled between the check and the session.
            await record(call, input, user: user, session: nil, refusal: .disabled)
            throw Problem.invalidCredentials
        default:
            throw Problem.unavailable()
        }
    }

    /// Nil when the password is right and the account may sign in. Every path costs one hash.
    private func check(
        _ text: String, against hash: String?, isActive: Bool, of user: UUID?, _ call: Call
    ) async throws -> Refusal? {
        let deadline = NIODeadline.now() + .seconds(1)
        guard let password = try? Password(text) else {
            // A password no account can have. Its length is the caller's own doing and tells nothing of the account.
            return .wrongPassword
        }
        guard let user, let hash else {
            try await hasher.verifyAbsent(password, deadline: deadline)
            return user == nil ? .unknownAccount : .noPassword
        }
        switch try await hasher.verify(password, against: hash, deadline: deadline) {
        case .mismatch:
            return .wrongPassword
        case .match(let needsRehash):
            guard isActive else { return .disabled }
            if needsRehash { await rehash(password, hash, of: user, call) }
            return nil
        }
    }

    /// Replaces a hash of old parameters; the login does not wait on its success.
    private func rehash(_ password: Password, _ old: String, of user: UUID, _ call: Call) async {
        do {
            let new = try await hasher.hash(password, deadline: .now() + .seconds(1))
            _ = try await postgres.query(
                LoginStatements.rehash, [.uuid(user), .text(old), .text(new)], scope: .tenant(call.tenant))
        } catch {
            call.logger.notice("password not rehashed", metadata: ["error": "\(error)"])
        }
    }

    private func record(
        _ call: Call, _ input: LoginInput, user: UUID?, session: UUID?, refusal: Refusal?
    ) async {
        do throws(PostgresError) {
            _ = try await postgres.query(
                LoginStatements.record,
                [
                    .uuid(.v7()), .optional(user), .text(refusal == nil ? "success" : "failure"),
                    .optional(refusal?.rawValue), .optional(session), .optional(call.address),
                    .optional(call.userAgent), .optional(input.deviceName), .text(call.requestID),
                ], scope: .tenant(call.tenant))
        } catch {
            // The session exists by now, or the refusal stands: history must not change the answer.
            call.logger.warning("login not recorded", metadata: ["error": "\(error)"])
        }
    }
}
