import HTTPTypes
import Kit
import Octets

/// The parameters of a request to an OAuth endpoint: a form, each name once, an empty value as good as none (RFC 6749
/// §3.2). Parameters that nobody asks for are ignored.
struct OAuthForm: RequestContent {
    /// So few that they are found by comparing.
    private let values: [(name: String, value: String)]

    /// What the endpoints read, which is also what OpenAPI shows.
    private static let parameters: [(name: String, type: FieldType<String>)] = [
        "grant_type", "client_id", "client_secret", "refresh_token", "username", "password", "scope", "resource",
        "device_name", "token", "token_type_hint", "organization",
    ].map { ($0, secrets.contains($0) ? .secret : .text(1...4096)) }
    private static let secrets: Set<String> = ["client_secret", "refresh_token", "password", "token"]

    init(from fields: inout FieldReader) {
        var values: [(name: String, value: String)] = []
        for (name, type) in Self.parameters {
            if let value = fields.optional(name, type) { values.append((name, value)) }
        }
        self.values = values
    }

    /// A parameter, or nil.
    subscript(_ name: String) -> String? { values.first { $0.name == name }?.value }

    /// A parameter that has to be there.
    func required(_ name: String) throws(OAuthError) -> String {
        guard let value = self[name] else { throw .invalidRequest("\(name) must be given.") }
        return value
    }

    /// The scope that is asked for, or nil when the request leaves it open.
    func scope() throws(OAuthError) -> [String]? {
        guard let text = self["scope"] else { return nil }
        // scope-token of RFC 6749 §3.3.
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        guard isPlain else { throw .invalidScope }
        var seen: Set<Substring> = []
        return text.words(between: " ").filter { seen.insert($0).inserted }.map(String.init)
    }
}

extension OAuthError {
    /// More or other than may be granted.
    static let invalidScope = OAuthError(
        "invalid_scope", "The scope is malformed, not known, or more than was granted.")
    /// The client may not use this grant type, or not ask this.
    static let unauthorizedClient = OAuthError("unauthorized_client", "This client may not do this.")
    /// The resource is none that tokens can be meant for (RFC 8707 §2).
    static let invalidTarget = OAuthError("invalid_target", "The resource is not known.")
}
