import NIOCore
import Testing

@testable import Redis

@Suite struct ReplyReaderTests {
    private func read(_ text: String, maximumSize: Int = 1 << 20, piece: Int = .max) throws(RedisError) -> [Reply] {
        try read(Array(text.utf8), maximumSize: maximumSize, piece: piece)
    }

    private func read(_ bytes: [UInt8], maximumSize: Int = 1 << 20, piece: Int = .max) throws(RedisError) -> [Reply] {
        let reader = ReplyReader(maximumSize: maximumSize)
        var replies: [Reply] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            try reader.feed(ByteBuffer(bytes: rest.prefix(piece))) { reply in
                replies.append(reply)
                return true
            }
            rest = rest.dropFirst(piece)
        }
        return replies
    }

    private static let samples: [(String, Reply)] = [
        ("+OK\r\n", .success(.simple("OK"))),
        ("+\r\n", .success(.simple(""))),
        (":-9223372036854775808\r\n", .success(.integer(.min))),
        ("$0\r\n\r\n", .success(.bulk([]))),
        ("$6\r\na\r\nb\0c\r\n", .success(.bulk(Array("a\r\nb\0c".utf8)))),
        ("$-1\r\n", .success(.null)),
        ("*-1\r\n", .success(.null)),
        ("*0\r\n", .success(.array([]))),
        (
            "*4\r\n*2\r\n:1\r\n*0\r\n$-1\r\n*1\r\n*1\r\n+x\r\n:2\r\n",
            .success(
                .array([.array([.integer(1), .array([])]), .null, .array([.array([.simple("x")])]), .integer(2)]))
        ),
        ("-WRONGTYPE not that\r\n", .failure(.server(prefix: "WRONGTYPE", message: "not that"))),
        ("-oh no\r\n", .failure(.server(prefix: "", message: "oh no"))),
        ("-ERR\r\n", .failure(.server(prefix: "ERR", message: ""))),
        ("*3\r\n:1\r\n-ERR first\r\n*1\r\n-ERR second\r\n", .failure(.server(prefix: "ERR", message: "first"))),
    ]

    @Test("every kind of answer is read, in whatever pieces it comes", arguments: [1, 2, 3, 7, Int.max])
    func pieces(piece: Int) throws {
        let all = Self.samples.map(\.0).joined()
        #expect(try read(all, piece: piece) == Self.samples.map(\.1))
    }

    @Test("seven levels of arrays are read, eight are refused")
    func depth() throws {
        let seven = String(repeating: "*1\r\n", count: 7)
        #expect(try read(seven + ":1\r\n").count == 1)
        #expect(throws: RedisError.protocolViolation) { try read(seven + "*1\r\n:1\r\n") }
        #expect(throws: RedisError.protocolViolation) { try read(seven + "*0\r\n") }
    }

    @Test("an answer as large as allowed is read, a larger one is refused, also before it is there")
    func size() throws {
        let allowed = "$1000\r\n" + String(repeating: "x", count: 1000) + "\r\n"
        #expect(try read(allowed, maximumSize: 1000).count == 1)
        #expect(try read(allowed + allowed, maximumSize: 1000).count == 2)
        #expect(throws: RedisError.protocolViolation) { try read(allowed, maximumSize: 999) }
        let announced = "$2000000000\r\n" + String(repeating: "x", count: 100_000)
        #expect(throws: RedisError.protocolViolation) { try read(announced, maximumSize: 1000) }
        let many = "*3\r\n" + String(repeating: "$400\r\n" + String(repeating: "x", count: 400) + "\r\n", count: 3)
        #expect(throws: RedisError.protocolViolation) { try read(many, maximumSize: 1000) }
    }

    @Test("an announced array of two thousand million elements takes no memory and is refused")
    func announcedArray() {
        #expect(throws: RedisError.protocolViolation) { try read("*2147483647\r\n") }
        #expect(throws: RedisError.protocolViolation) { try read("*9223372036854775807\r\n") }
    }

    @Test(
        "what is no RESP is refused",
        arguments: [
            "HTTP/1.1 400 Bad Request\r\n", "$x\r\n", "$-2\r\n\r\n", "*-2\r\n", ":12a\r\n", ":\r\n", "\0",
            "%1\r\n+a\r\n+b\r\n",
        ])
    func garbage(text: String) {
        #expect(throws: RedisError.protocolViolation) { try read(text) }
    }

    @Test("random, cut and damaged bytes end in answers, waiting or a refusal, never in a crash", arguments: 0..<8)
    func fuzz(seed: UInt64) {
        var random = SplitMix(state: seed)
        let valid = Array(Self.samples.map(\.0).joined().utf8)
        let alphabet = Array("+-:$*0123456789\r\n\0ax".utf8)
        var refused = 0
        var accepted = 0
        for round in 0..<20_000 {
            var bytes: [UInt8]
            switch round % 3 {
            case 0:
                bytes = (0..<Int.random(in: 1...60, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            case 1:
                bytes = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                    alphabet.randomElement(using: &random) ?? 0
                }
            default:
                bytes = valid
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    bytes[.random(in: bytes.indices, using: &random)] = alphabet.randomElement(using: &random) ?? 0
                }
                bytes.removeLast(.random(in: 0..<bytes.count, using: &random))
            }
            do throws(RedisError) {
                accepted += try read(bytes, maximumSize: 4096, piece: .random(in: 1...80, using: &random)).count
            } catch {
                #expect(error == .protocolViolation)
                refused += 1
            }
        }
        #expect(refused > 1000)
        #expect(accepted > 1000)
    }

    @Test("commands are written as arrays of bulk strings, any bytes included")
    func commands() {
        var formatter = CommandFormatter()
        var buffer = ByteBuffer()
        let command = RedisCommand("SET", ["ключ", .bytes([0, 13, 10, 255]), .integer(-5), ""])
        let isFormatted = [command, RedisCommand("PING")].map { formatter.append($0, to: &buffer) }
        #expect(isFormatted == [true, true])
        let expected =
            Array("*5\r\n$3\r\nSET\r\n$8\r\nключ\r\n$4\r\n".utf8) + [0, 13, 10, 255]
            + Array("\r\n$2\r\n-5\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n".utf8)
        #expect(Array(buffer.readableBytesView) == expected)
    }
}

/// A small generator with a seed, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
