import HTTP1
import HTTPFields

/// The head of a request from outside, in whichever version of HTTP it came.
struct PublicHead {
    var method: String
    var target: String
    /// Names in lower case. One `host` is among them; in HTTP/1.0 there may be none.
    var fields: HeaderBlock
    /// As log lines name it.
    var version: StaticString = "HTTP/1.1"
    /// Whether the caller would change the protocol, which it can with HTTP/1.1 only.
    var upgrades = false

    init(method: String, target: String, fields: HeaderBlock = HeaderBlock()) {
        self.method = method
        self.target = target
        self.fields = fields
    }

    init(_ head: HTTP1RequestHead) {
        self.init(method: head.method, target: head.target, fields: head.fields)
        upgrades = head.upgrade
    }

    /// The head of a request on an HTTP/2 stream, as the same request would have it on HTTP/1.1.
    ///
    /// Nil when it names two hosts, or lacks method or path. What belongs to one connection only, and names that are
    /// not in lower case, libnghttp2 has refused already (RFC 9113 §8.2).
    init?(_ block: HeaderBlock) {
        guard let method = block.method, let path = block.path else { return nil }
        var fields = HeaderBlock()
        var host = block.authority
        var hosts = 0
        var cookies: [String] = []
        var isSound = true
        block.forEach { name, value in
            if name.first == UInt8(ascii: ":") { return }
            if name.equals("host") {
                let named = String(decoding: value, as: UTF8.self)
                hosts += 1
                if let host, host != named { isSound = false }
                host = named
            } else if name.equals("cookie") {
                // They may come in pieces, which are one field elsewhere (RFC 9113 §8.2.3).
                cookies.append(String(decoding: value, as: UTF8.self))
            } else {
                fields.append(name: name, value: value)
            }
        }
        guard isSound, hosts <= 1, let host else { return nil }
        fields.append("host", host)
        if !cookies.isEmpty { fields.append("cookie", cookies.joined(separator: "; ")) }
        self.init(method: method, target: path, fields: fields)
        version = "HTTP/2"
    }

    /// The target without its query.
    var path: String {
        guard let end = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return target }
        return String(target[..<end])
    }
}
