import Domain
import Kit

extension Call {
    /// Whether a superuser asks.
    var isSuperuser: Bool { principal?.roles.contains(BuiltinRole.superuser) ?? false }
}

extension Problem {
    /// 403 with a word on what is not allowed.
    static func forbidden(_ detail: String) -> Problem {
        var problem = Problem.forbidden
        problem.detail = detail
        return problem
    }
}
