import Kit

/// The fields that tell browsers to be careful with whatever the gateway answers (SECURITY 5.7).
struct SecurityHeaders: Sendable {
    /// How careful.
    enum Mode: String, CaseIterable, Sendable {
        /// Nothing of an answer is run, framed, or read by another origin than CORS lets.
        case strict
        /// As strict, but other origins may embed answers such as images.
        case relaxed
        /// None of these fields: a proxy in front sets its own.
        case disabled
    }

    /// The fields, in the order they are written.
    let fields: [(name: String, value: String)]
    /// The same for documents that any page may read.
    let forEverybody: [(name: String, value: String)]

    /// - Parameter isSecure: Whether users come over TLS, which they are then told to keep to.
    init(_ mode: Mode, isSecure: Bool) {
        guard mode != .disabled else {
            fields = []
            forEverybody = []
            return
        }
        var fields = [
            ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer"),
            (
                Self.contentSecurityPolicy,
                "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            (
                "permissions-policy",
                "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
            ),
            (Self.resourcePolicy, mode == .strict ? "same-origin" : "cross-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ]
        if isSecure { fields.append(("strict-transport-security", "max-age=63072000; includeSubDomains")) }
        self.fields = fields
        forEverybody = fields.map { $0.0 == Self.resourcePolicy ? ($0.0, "cross-origin") : $0 }
    }

    /// A page that needs more than nothing says so itself, and that counts.
    static let contentSecurityPolicy = "content-security-policy"
    private static let resourcePolicy = "cross-origin-resource-policy"
}
