public import Postgres

/// A name that another account has.
public enum TakenName {
    /// The two ways a name can be taken, told apart by the constraint that refused it: `email` or `username`.
    public static func field(_ error: PostgresError) -> String? {
        guard case .server(let error) = error, error.kind == .uniqueViolation else { return nil }
        switch error.constraint {
        case "users_tenant_id_email_key_key": return "email"
        case "users_tenant_id_username_key_key": return "username"
        default: return nil
        }
    }

    /// 409: that field's value is somebody else's.
    public static func problem(_ field: String) -> Problem {
        let what = field == "email" ? "e-mail address" : "username"
        return .conflict(
            "\(field)_taken", "This \(what) is registered already",
            errors: [.init(field: field, code: "taken", detail: "is registered already")])
    }
}
