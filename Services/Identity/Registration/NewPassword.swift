import Domain
import FoundationEssentials
public import Kit
public import Passwords

extension PasswordPolicy {
    /// Takes a new password, or says every rule it breaks.
    /// - Throws: `Problem.validation` on `field`, with an error for each rule.
    func accept(
        _ typed: String, email: EmailAddress?, username: Username?, tenant: Tenant, field: String
    ) throws(Problem) -> Password {
        let password: Password
        do throws(PasswordError) {
            password = try Password(typed)
        } catch {
            let detail = error == .containsNUL ? "must not contain a NUL character" : "must have at most 1024 bytes"
            let code = error == .containsNUL ? "invalid_character" : "too_long"
            throw .validation([.init(field: field, code: code, detail: detail)])
        }
        var own = [tenant.slug, tenant.name]
        if let email { own += [String(email.local), email.text] }
        if let username { own.append(username.text) }
        let violations = violations(password, own: own)
        guard violations.isEmpty else {
            throw .validation(violations.map { .init(field: field, code: $0.code, detail: $0.detail) })
        }
        return password
    }
}

extension PasswordError: ProblemRepresentable {
    /// 503 when there is too much hashing to do, 500 for a stored hash that can't be used.
    public var problem: Problem {
        switch self {
        case .overloaded: .overloaded()
        case .containsNUL, .tooLong: .invalidCredentials
        case .unusableHash, .failed: .internalError
        }
    }
}
