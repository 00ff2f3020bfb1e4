import FoundationEssentials
import Kit

/// How a client gets a new secret.
struct SecretRenewal: RequestContent {
    /// How long the present one is good beside the new one, in seconds.
    let overlap: Int

    init(from fields: inout FieldReader) {
        overlap = fields.optional("overlap_seconds", .number(0...2_592_000)) ?? 3600
    }
}

/// A client's new secret, which is shown this once.
struct NewClientSecret: ResponseContent {
    let identifier: String
    let secret: String
    /// Until when the one before is good; nil when it is not.
    let formerExpiresAt: Date?

    static let example = NewClientSecret(
        identifier: "billing", secret: "ghs_Zm9yIGV4YW1wbGUgb25seSwgbm90IGEgc2VjcmV0Li4",
        formerExpiresAt: Date(timeIntervalSince1970: 1_767_232_800))

    func write(to fields: inout some FieldSink) {
        fields.field("client_id", identifier)
        fields.field("client_secret", secret)
        fields.field("former_secret_expires_at", formerExpiresAt)
    }
}
