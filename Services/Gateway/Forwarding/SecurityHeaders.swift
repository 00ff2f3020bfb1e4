import HTTPFields
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

    /// The fields, in the order they are written, but for the policy of what a page may load.
    private(set) var fields = HeaderBlock()
    /// The same for documents that any page may read.
    private(set) var forEverybody = HeaderBlock()
    /// What a page may load: nothing. One that needs more than that says so itself, and that counts.
    private(set) var contentSecurityPolicy = HeaderBlock()

    /// - Parameter isSecure: Whether users come over TLS, which they are then told to keep to.
    init(_ mode: Mode, isSecure: Bool) {
        guard mode != .disabled else { return }
        var common = HeaderBlock()
        common.append("x-content-type-options", "nosniff")
        common.append("x-frame-options", "DENY")
        common.append("referrer-policy", "no-referrer")
        common.append(
            "permissions-policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
        common.append("cross-origin-opener-policy", "same-origin")
        if isSecure { common.append("strict-transport-security", "max-age=63072000; includeSubDomains") }
        (fields, forEverybody) = (common, common)
        fields.append("cross-origin-resource-policy", mode == .strict ? "same-origin" : "cross-origin")
        forEverybody.append("cross-origin-resource-policy", "cross-origin")
        contentSecurityPolicy.append(
            "content-security-policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    }
}
