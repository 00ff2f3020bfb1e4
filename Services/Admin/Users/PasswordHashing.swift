import HTTPTypes
import Kit

/// Has passwords judged and hashed by identity.
struct PasswordHashing: Sendable {
    let identity: InternalClient

    /// What is stored of a password.
    /// - Throws: `Problem.validation` for one that breaks the tenant's rules.
    func hash(_ request: PasswordToHash, for call: Call) async throws -> String {
        let answer = try await identity.send(.post, PasswordToHash.path, body: request.json, for: call.origin)
        switch answer.status {
        case 200:
            guard let hash = HashedPassword(parsing: answer.body) else { throw Problem.internalError }
            return hash.text
        case 422: throw Problem.validation(Problem.FieldError.parse(answer.body))
        default: throw Problem.unavailable()
        }
    }
}
