import HTTPFields
import HTTP2
import HTTPTypes
import Kit
import NIOHTTP1

/// What of a message goes on, in either direction.
enum HeaderPolicy {
    /// Fields that speak of one connection only (RFC 9110 §7.6.1), or that only the gateway may set.
    private static let dropped: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "http2-settings", "host", "content-length", "expect", "authorization",
        "x-request-id", "x-tenant", "traceparent", "forwarded", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-proto", "x-forwarded-port", "x-forwarded-prefix", "x-real-ip", "x-original-url", "x-rewrite-url",
        "x-http-method-override", "x-method-override",
    ]

    /// Adds the caller's fields that go on to a service. What `Connection` names stays behind, too.
    /// - Parameter keepsBasic: Whether a client's own credentials go on, for a route that judges them itself; access
    ///   tokens never do.
    static func forward(_ headers: HTTPHeaders, keepsBasic: Bool, to block: inout HeaderBlock) {
        let named = headers[canonicalForm: "connection"].map { $0.lowercased() }
        for (name, value) in headers {
            let name = name.lowercased()
            if keepsBasic, name == "authorization", value.prefix(6).lowercased() == "basic " {
                block.append(name, trimmed(value), unindexed: true)
                continue
            }
            if dropped.contains(name) || name.hasPrefix(InternalHeader.prefix) || name.hasPrefix("x-auth-")
                || name.hasPrefix("remote-")
            {
                continue
            }
            if !named.isEmpty, named.contains(name) { continue }
            block.append(name, trimmed(value), unindexed: name == "cookie")
        }
    }

    /// A field's value without the blanks around it, which are not part of it (RFC 9110 §5.5).
    private static func trimmed(_ value: String) -> String {
        func isBlank(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        guard isBlank(value.utf8.first) || isBlank(value.utf8.last) else { return value }
        let start = value.utf8.drop(while: isBlank)
        return String(Substring(start.prefix(start.count - start.reversed().prefix(while: isBlank).count)))
    }

    /// Says that an answer's fields don't depend on what the service chose: none may be cached unless it said so, none
    /// may be sniffed or framed.
    static func answer(_ block: HeaderBlock, requestID: String, to headers: inout HTTPHeaders) {
        var hasCacheControl = false
        block.forEach { name, value in
            guard name.first != UInt8(ascii: ":") else { return }
            let name = String(decoding: name, as: UTF8.self)
            guard !dropped.contains(name), !name.hasPrefix(InternalHeader.prefix) else { return }
            if name == "cache-control" { hasCacheControl = true }
            headers.add(name: name, value: String(decoding: value, as: UTF8.self))
        }
        if !hasCacheControl { headers.add(name: "cache-control", value: "no-store") }
        secure(&headers, requestID: requestID)
    }

    /// The field that every answer carries.
    static func secure(_ headers: inout HTTPHeaders, requestID: String) {
        headers.add(name: "x-request-id", value: requestID)
    }

    /// Adds the fields that go with a request's answer, but for a policy that the answer has of its own.
    static func add(_ fields: [(name: String, value: String)], to headers: inout HTTPHeaders) {
        guard headers.contains(name: SecurityHeaders.contentSecurityPolicy) else {
            headers.add(contentsOf: fields)
            return
        }
        headers.add(contentsOf: fields.filter { $0.name != SecurityHeaders.contentSecurityPolicy })
    }
}
