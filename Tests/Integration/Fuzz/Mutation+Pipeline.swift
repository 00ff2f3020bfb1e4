import GatehouseTesting

/// Makes requests to the routes of the fuzz run, and breaks them.
extension Mutation {
    private static let lines = [
        "Accept: */*", "Cookie: a=b; c=d", "X-Empty:", "X-Odd:  \t\u{e9} \t", "Connection: keep-alive",
        "Connection: close", "Expect: 100-continue", "Upgrade: websocket", "User-Agent: \"a/1.0\" (b)",
    ]

    /// Up to four requests, one behind the other. No other connection has their targets.
    mutating func pipeline(_ mark: String) -> [UInt8] {
        (0...random.number(below: 4)).flatMap { request("\(mark)-\($0)") }
    }

    private mutating func request(_ mark: String) -> [UInt8] {
        let method = random.pick(["GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD"])
        let scheme = random.oneIn(10) ? "http://a.example" : ""
        let path = random.pick(["/fuzz", "/fuzz", "/fuzz", "/fuzz/small", "/nowhere"])
        let isOld = random.oneIn(12)
        var lines = [
            "\(method) \(scheme)\(path)/\(mark)?a=b HTTP/1.\(isOld ? 0 : 1)", "Host: a.example", "X-Mark: \(mark)",
        ]
        for _ in 0..<random.number(below: 3) {
            // One that ends the connection would hide what follows.
            let line = random.pick(Self.lines)
            if !line.hasSuffix("close") || random.oneIn(3) { lines.append(line) }
        }
        var body: [UInt8] = []
        if method != "GET", method != "HEAD" || random.oneIn(5) {
            let content = content(mark)
            if isOld || random.oneIn(2) {
                lines.append("Content-Length: \(content.count)")
                body = content
            } else {
                lines.append("Transfer-Encoding: chunked")
                body = chunks(content)
            }
        }
        lines.swapAt(1, lines.count - 1)
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// A body; now and then one that would be a request, if somebody found its begin in the wrong place.
    private mutating func content(_ mark: String) -> [UInt8] {
        if random.oneIn(2) { return Array("GET /fuzz/\(mark)-hidden HTTP/1.1\r\nHost: a.example\r\n\r\n".utf8) }
        return (0..<random.number(below: 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    private mutating func chunks(_ content: [UInt8]) -> [UInt8] {
        var chunks: [UInt8] = []
        var rest = content[...]
        while !rest.isEmpty {
            let part = rest.prefix(1 + random.number(below: 60))
            rest = rest.dropFirst(part.count)
            chunks +=
                Array("\(String(part.count, radix: 16))\(random.pick(["", "", ";a=b"]))\r\n".utf8) + part + [13, 10]
        }
        return chunks + Array(random.pick(["0\r\n\r\n", "0\r\n\r\n", "0\r\nT: y\r\n\r\n"]).utf8)
    }

    /// Breaks it, more often than not in one of the ways by which requests are smuggled.
    mutating func wreck(_ valid: [UInt8], with other: [UInt8]) -> [UInt8] {
        var bytes = valid
        for _ in 0..<random.number(below: 3) where !bytes.isEmpty {
            switch random.number(below: 9) {
            case 0: doubleLine(&bytes)
            case 1: changeNumber(&bytes)
            case 2: if let place = place(of: [13], in: bytes) { bytes.remove(at: place) }
            case 3: if let place = place(of: [10], in: bytes) { bytes.remove(at: place) }
            case 4: bytes.insert(random.pick([0, 10, 13, 32, 9, 11]), at: random.number(below: bytes.count))
            case 5, 6: addFraming(&bytes)
            case 7: bytes.removeLast(random.number(below: bytes.count))
            default: bytes = mutate(bytes, with: other)
            }
        }
        return bytes
    }

    private mutating func place(of wanted: [UInt8], in bytes: [UInt8]) -> Int? {
        let places = bytes.indices.filter { wanted.contains(bytes[$0]) }
        return places.isEmpty ? nil : random.pick(places)
    }

    private mutating func doubleLine(_ bytes: inout [UInt8]) {
        guard let end = place(of: [10], in: bytes) else { return }
        let start = bytes[..<end].lastIndex(of: 10).map { $0 + 1 } ?? 0
        bytes.insert(contentsOf: bytes[start...end], at: end + 1)
    }

    /// Lets a head say more about its body, or another's.
    private mutating func addFraming(_ bytes: inout [UInt8]) {
        let lines = [
            "Content-Length: 0", "Content-Length: 4", "Content-Length: 60", "Transfer-Encoding: chunked",
            "Transfer-Encoding: identity", "Transfer-Encoding : chunked", "Transfer-Encoding:\u{b}chunked",
            "Content-Length: 0\r\n Transfer-Encoding: chunked", "Host: b.example",
        ]
        let host = Array("Host: ".utf8)
        let places = bytes.indices.filter { bytes[$0...].starts(with: host) }
        guard !places.isEmpty else { return }
        bytes.insert(contentsOf: Array("\(random.pick(lines))\r\n".utf8), at: random.pick(places))
    }

    private mutating func changeNumber(_ bytes: inout [UInt8]) {
        guard let place = place(of: Array("0123456789".utf8), in: bytes) else { return }
        let words = ["0", "1", "7", "9", "f", "-1", "+1", "0x1", " ", "1 ", "99999999999999999999", ""]
        bytes.replaceSubrange(place...place, with: Array(random.pick(words).utf8))
    }

    /// The bytes in pieces.
    mutating func cut(_ bytes: [UInt8]) -> [[UInt8]] {
        if random.oneIn(3) { return [bytes] }
        var rest = bytes[...]
        return pieces(of: bytes.count).map { length in
            defer { rest = rest.dropFirst(length) }
            return Array(rest.prefix(length))
        }
    }
}
