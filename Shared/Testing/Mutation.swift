/// Makes wrong messages of HTTP/1.1 from valid ones.
public struct Mutation {
    private static let bytes = Array("\r\n\r\n \t:;,0159aAfFxX-+_/*#?%[]@\"\u{0}\u{b}\u{7f}".utf8) + [0x80, 0xff]
    private static let snippets = [
        "\r\n", "\r\n\r\n", "\n\n", "\r\n ", "0\r\n\r\n", "5\r\n", "5;a=b\r\n", "Content-Length: 5\r\n",
        "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "transfer-encoding: identity\r\n", "Host: b\r\n",
        "Connection: close, upgrade\r\n", "Expect: 100-continue\r\n", "Upgrade: x\r\n", " HTTP/1.1\r\n", "HTTP/1.0",
        "http://a/", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
        "chunked",
    ].map { Array($0.utf8) }

    /// What decides.
    public var random: Randomness

    /// Mutations that follow from one seed.
    public init(random: Randomness) {
        self.random = random
    }

    /// Changes some bytes: flips, replaces, inserts, deletes, doubles them or puts others in.
    public mutating func mutate(_ bytes: [UInt8], with other: [UInt8]) -> [UInt8] {
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
    public mutating func pieces(of count: Int) -> [Int] {
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
