/// Makes valid messages, and wrong ones of them.
struct Mutation {
    private static let bytes = Array("\r\n\r\n \t:;,0159aAfFxX-+_/*#?%[]@\"\u{0}\u{b}\u{7f}".utf8) + [0x80, 0xff]
    private static let snippets = [
        "\r\n", "\r\n\r\n", "\n\n", "\r\n ", "0\r\n\r\n", "5\r\n", "5;a=b\r\n", "Content-Length: 5\r\n",
        "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "transfer-encoding: identity\r\n", "Host: b\r\n",
        "Connection: close, upgrade\r\n", "Expect: 100-continue\r\n", "Upgrade: x\r\n", " HTTP/1.1\r\n", "HTTP/1.0",
        "http://a/", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
        "chunked",
    ].map { Array($0.utf8) }
    private static let fields = [
        "Accept: */*", "accept-encoding: gzip, br", "Cookie: a=b; c=d", "X-Empty:", "X-Odd:  \t\u{e9} \t",
        "Connection: close",
        "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Expect: 100-continue", "User-Agent: \"a/1.0\" (b)",
    ]

    var random: Randomness

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

    /// Changes some bytes: flips, replaces, inserts, deletes, doubles them or puts others in.
    mutating func mutate(_ bytes: [UInt8], with other: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<random.number(below: 4) where !bytes.isEmpty {
            let place = random.number(below: bytes.count)
            let range = place..<min(bytes.count, place + 1 + random.number(below: random.oneIn(3) ? 40 : 3))
            switch random.number(below: 8) {
            case 0: bytes[place] ^= 1 << UInt8(random.number(below: 8))
            case 1: bytes[place] = random.pick(Self.bytes)
            case 2: bytes.insert(random.pick(Self.bytes), at: place)
            case 3: bytes.removeSubrange(range)
            case 4: bytes.insert(contentsOf: bytes[range], at: random.number(below: bytes.count))
            case 5: bytes.insert(contentsOf: random.pick(Self.snippets), at: place)
            case 6: bytes.replaceSubrange(range, with: other.suffix(from: random.number(below: other.count)).prefix(40))
            default: bytes.insert(contentsOf: random.pick(Self.snippets), at: lineStart(bytes, from: place))
            }
        }
        return bytes
    }

    private func lineStart(_ bytes: [UInt8], from place: Int) -> Int {
        bytes[place...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
    }

    /// Lengths to cut so many bytes into.
    mutating func pieces(of count: Int) -> [Int] {
        let most = random.pick([3, 10, 40, 100])
        var pieces: [Int] = []
        var left = count
        while left > 0 {
            let length = min(left, 1 + random.number(below: most))
            pieces.append(length)
            left -= length
        }
        return pieces
    }
}
