import HTTPFields
import HTTP2
import NIOHTTP1

extension HTTPRequestHead {
    /// The head of a request on an HTTP/2 stream, as the same request would have it on HTTP/1.1.
    ///
    /// Nil when it names two hosts, or lacks method or path. What belongs to one connection only, and names that are
    /// not in lower case, libnghttp2 has refused already (RFC 9113 §8.2).
    init?(_ block: HeaderBlock) {
        guard let method = block.method, let path = block.path else { return nil }
        var headers = HTTPHeaders()
        var hosts: Set<String> = []
        if let authority = block.authority { hosts.insert(authority) }
        var cookies: [String] = []
        headers.reserveCapacity(block.count)
        block.forEach { name, value in
            guard name.first != UInt8(ascii: ":") else { return }
            let value = String(decoding: value, as: UTF8.self)
            switch String(decoding: name, as: UTF8.self) {
            case "host": hosts.insert(value)
            // They may come in pieces, which are one field elsewhere (RFC 9113 §8.2.3).
            case "cookie": cookies.append(value)
            case let name: headers.add(name: name, value: value)
            }
        }
        guard hosts.count == 1, block.occurrences(of: "host") <= 1, let host = hosts.first else { return nil }
        headers.add(name: "host", value: host)
        if !cookies.isEmpty { headers.add(name: "cookie", value: cookies.joined(separator: "; ")) }
        self.init(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: headers)
    }
}
