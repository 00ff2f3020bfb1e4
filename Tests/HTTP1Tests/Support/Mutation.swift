import GatehouseTesting

/// Makes valid messages.
extension Mutation {
    private static let fields = [
        "Accept: */*", "accept-encoding: gzip, br", "Cookie: a=b; c=d", "X-Empty:", "X-Odd:  \t\u{e9} \t",
        "Connection: close",
        "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Expect: 100-continue", "User-Agent: \"a/1.0\" (b)",
    ]

    /// One to three requests, one behind the other.
    mutating func requests() -> [UInt8] {
        (0...random.number(below: 3)).flatMap { _ in request() }
    }

    /// One to three answers, one behind the other.
    mutating func responses() -> [UInt8] {
        (0...random.number(below: 3)).flatMap { _ in response() }
    }

    private mutating func request() -> [UInt8] {
        let target = random.pick(["/", "/a/b?c=d", "/%2e", "*", "http://a.example/x", "http://a.example"])
        let method = target == "*" ? "OPTIONS" : random.pick(["GET", "POST", "HEAD", "X-Y"])
        let version = random.oneIn(6) ? "HTTP/1.0" : "HTTP/1.1"
        let host = target.hasPrefix("http") ? "a.example" : random.pick(["a.example", "a:80", "[::1]:8080"])
        return Array("\(method) \(target) \(version)\r\nHost: \(host)\r\n".utf8) + rest(mayChunk: version == "HTTP/1.1")
    }

    private mutating func response() -> [UInt8] {
        let status = random.pick(["100 Continue", "200 OK", "200", "204 No Content", "304 Not Modified", "500 Oops"])
        return Array("HTTP/1.1 \(status)\r\n".utf8) + rest(mayChunk: true)
    }

    private mutating func rest(mayChunk: Bool) -> [UInt8] {
        var lines = (0..<random.number(below: 4)).map { _ in random.pick(Self.fields) }
        var body: [UInt8] = []
        switch random.number(below: 3) {
        case 0:
            body = content()
            lines.append("Content-Length: \(body.count)")
        case 1 where mayChunk:
            lines.append(random.pick(["Transfer-Encoding: chunked", "transfer-encoding:CHUNKED"]))
            for _ in 0..<random.number(below: 3) {
                let part = content() + [1]
                let suffix = random.pick(["", "", ";a=b", ";c=\"d\""])
                body += Array("\(String(part.count, radix: 16))\(suffix)\r\n".utf8) + part + [13, 10]
            }
            body += Array(random.pick(["0\r\n\r\n", "000;x\r\n\r\n", "0\r\nT: y\r\nU: z\r\n\r\n"]).utf8)
        default: break
        }
        return Array((lines.map { "\($0)\r\n" }.joined() + "\r\n").utf8) + body
    }

    private mutating func content() -> [UInt8] {
        (0..<random.number(below: 20)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
}
