/// What a request's target asks for (RFC 9112 §3.2).
struct RequestTarget: Sendable {
    /// What is left of the target without scheme and authority, as offsets into it.
    let path: Range<Int>
    /// The authority of the absolute form, as offsets into the target.
    let authority: Range<Int>?
    /// What has to be written before the path.
    let prefix: StaticString

    /// - Parameters:
    ///   - bytes: Visible ASCII without `#`, at least one byte.
    ///   - method: A token.
    init(_ bytes: Bytes, method: Bytes) throws(HTTP1Fault) {
        let isOptions = method.equals("OPTIONS")
        guard !method.equals("CONNECT") else { throw .connect }
        if bytes[0] == UInt8(ascii: "/") {
            (path, authority, prefix) = (0..<bytes.count, nil, "")
            return
        }
        if bytes.count == 1, bytes[0] == UInt8(ascii: "*") {
            guard isOptions else { throw .target }
            (path, authority, prefix) = (0..<1, nil, "")
            return
        }
        guard let start = Self.endOfScheme(bytes) else { throw .target }
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        guard Host.isValid(bytes[start..<end]) else { throw .target }
        authority = start..<end
        path = end..<bytes.count
        if end == bytes.count {
            // Without path and query OPTIONS asks for the server as a whole (RFC 9112 §3.2.4).
            prefix = isOptions ? "*" : "/"
        } else {
            prefix = bytes[end] == UInt8(ascii: "/") ? "" : "/"
        }
    }

    /// The target in origin form, or `*`.
    func text(of bytes: Bytes) -> String {
        let path = bytes[path].text
        return prefix.utf8CodeUnitCount == 0 ? path : "\(prefix)\(path)"
    }

    private static func endOfScheme(_ bytes: Bytes) -> Int? {
        for scheme in ["http://", "https://"] as [StaticString] {
            let length = scheme.utf8CodeUnitCount
            if bytes.count > length, bytes[0..<length].matches(scheme) { return length }
        }
        return nil
    }
}
