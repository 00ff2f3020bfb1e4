import Domain
import FoundationEssentials
import Kit

/// What the fields of a client take.
enum ClientFields {
    /// The grant types of the token endpoint.
    static let grantTypes = ["refresh_token", "client_credentials", "password"]

    static let name = FieldType<String>.line(1...100)
    static let reuseInterval = FieldType<Int>.number(0...60)
    static let state = FieldType<String>.word(["active", "disabled"])

    /// As migration 0004 has it.
    static let identifier = FieldType<String>.text(1...64).map(placeholder: "") { text in
        // Tokens of a client that speaks for itself have its id as subject: no user's id can be one.
        ClientIdentifier.isOne(text) && UUID(canonical: text) == nil
            ? .success(text)
            : .failure(.init("invalid_client_id", "must be letters, digits, '-' and '_' of ASCII, and no UUID"))
    }

    static let grants = FieldType<[String]>.list(
        limit: 10, "must be one of \(grantTypes.joined(separator: ", "))", code: "unknown_word",
        grantTypes.contains)

    /// scope-token of RFC 6749 §3.3.
    static let scopes = FieldType<[String]>.list(
        limit: 100, "must be 1 to 100 visible ASCII characters without '\"' and '\\'", code: "invalid_scope"
    ) { scope in
        isVisible(scope, atMost: 100) && !scope.contains("\"") && !scope.contains("\\")
    }

    /// What the `aud` of tokens for a resource server holds; a URI as a rule (RFC 8707 §2), without a fragment.
    static let audiences = FieldType<[String]>.list(
        limit: 20, "must be 1 to 255 visible ASCII characters without '#'", code: "invalid_audience"
    ) { audience in
        isVisible(audience, atMost: 255) && !audience.contains("#")
    }

    /// As browsers write `Origin` (RFC 6454 §6.1); neither `null` nor a wildcard is one.
    static let origins = FieldType<[String]>.list(limit: 50, originRule, code: "invalid_origin") { Origin($0) != nil }
    static let originRule = "must be a scheme, a host in lower case and a port where it isn't the usual one"

    private static func isVisible(_ text: String, atMost limit: Int) -> Bool {
        (1...limit).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
