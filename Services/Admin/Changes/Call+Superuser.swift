import Domain
import Kit

extension Call {
    /// Whether a superuser asks.
    var isSuperuser: Bool { principal?.roles.contains(BuiltinRole.superuser) ?? false }
}
