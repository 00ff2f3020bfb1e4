import HTTPFields
import Kit
import Octets

/// What of a message goes on, in either direction.
enum HeaderPolicy {
    /// Fields that speak of one connection only (RFC 9110 §7.6.1), or that only the gateway may set; told apart by their
    /// length first, since nearly all fields of a request are none of them.
    static func isDropped(_ name: UnsafeRawBufferPointer) -> Bool {
        if isOfConnection(name) { return true }
        return switch name.count {
        // The gateway dates answers itself.
        case 4: name.equals("host") || name.equals("date")
        case 6: name.equals("expect")
        case 8: name.equals("x-tenant")
        case 9: name.equals("forwarded") || name.equals("x-real-ip")
        case 11: name.equals("traceparent")
        case 12: name.equals("x-request-id")
        case 13: name.equals("authorization") || name.equals("x-rewrite-url")
        case 14: name.equals("x-original-url") || name.equals("http2-settings")
        case 17: name.equals("x-method-override")
        case 19: name.equals("proxy-authorization")
        case 22: name.equals("x-http-method-override")
        default: false
        }
    }

    /// Fields of one connection, and the length, which is told apart (RFC 9110 §7.6.1).
    static func isOfConnection(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 2: name.equals("te")
        case 7: name.equals("trailer") || name.equals("upgrade")
        case 10: name.equals("connection") || name.equals("keep-alive")
        case 14: name.equals("content-length")
        case 16: name.equals("proxy-connection")
        case 17: name.equals("transfer-encoding")
        case 18: name.equals("proxy-authenticate")
        default: false
        }
    }

    /// Names of which the gateway alone makes fields.
    static func isOurs(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.first {
        case UInt8(ascii: "x"):
            name.begins(with: InternalHeader.prefix) || name.begins(with: "x-auth-")
                || name.begins(with: "x-forwarded-")
        case UInt8(ascii: "r"): name.begins(with: "remote-")
        default: false
        }
    }

    /// Adds the caller's fields that go on to a service. What `Connection` names stays behind, too.
    /// - Parameter keepsBasic: Whether a client's own credentials go on, for a route that judges them itself; access
    ///   tokens never do.
    static func forward(_ fields: HeaderBlock, keepsBasic: Bool, to block: inout HeaderBlock) {
        let named = fields.contains("connection") ? connectionNames(fields) : []
        fields.forEach { name, value in
            if isDropped(name) || isOurs(name) {
                guard keepsBasic, name.equals("authorization"), isBasic(value) else { return }
                return block.append(name: name, value: value, unindexed: true)
            }
            if !named.isEmpty, named.contains(String(decoding: name, as: UTF8.self)) { return }
            block.append(name: name, value: value, unindexed: name.equals("cookie"))
        }
    }

    static func connectionNames(_ fields: HeaderBlock) -> Set<String> {
        // Nearly always it says one of these two, which name no field.
        let isPlain = fields.withValue(of: "connection") { $0.equals("keep-alive") || $0.equals("close") }
        if isPlain == true, fields.occurrences(of: "connection") == 1 { return [] }
        let names = fields.values(of: "connection").flatMap { $0.lowercased().words(between: ",") }
        return Set(names.map(\.withoutBlanks))
    }

    private static func isBasic(_ value: UnsafeRawBufferPointer) -> Bool {
        let scheme: StaticString = "basic "
        guard value.count >= scheme.utf8CodeUnitCount else { return false }
        // Bit 0x20 makes letters lower case, and leaves the blank as it is.
        return (0..<scheme.utf8CodeUnitCount).allSatisfy { value[$0] | 0x20 == scheme.utf8Start[$0] }
    }

    /// What an answer's fields said of what the gateway says otherwise.
    struct Stated {
        var length: Int?
        var hasContentSecurityPolicy = false
    }

    /// Adds a service's answer's fields that go on. None may be cached unless the service said so.
    static func answer(_ block: HeaderBlock, to fields: inout HeaderBlock) -> Stated {
        var stated = Stated()
        var hasCacheControl = false
        block.forEach { name, value in
            if name.first == UInt8(ascii: ":") { return }
            if isDropped(name) || name.begins(with: InternalHeader.prefix) {
                if name.equals("content-length") { stated.length = Int(String(decoding: value, as: UTF8.self)) }
                return
            }
            if name.equals("cache-control") { hasCacheControl = true }
            if name.equals("content-security-policy") { stated.hasContentSecurityPolicy = true }
            fields.append(name: name, value: value)
        }
        if !hasCacheControl { fields.append("cache-control", "no-store") }
        return stated
    }
}
