import NIOCore
import Testing

@testable import Redis

@Suite("RESP")
struct RESPTests {
    @Test("replies are read however they are cut")
    func pieces() throws {
        let text = "+OK\r\n:-7\r\n$3\r\na\r\n\r\n*2\r\n$-1\r\n*0\r\n-ERR no\r\n"
        for size in 1...12 {
            let reader = try #require(RESPReader())
            var replies: [RESPReader.Reply] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                try reader.feed(ByteBuffer(bytes: rest.prefix(size))) { replies.append($0) }
                rest = rest.dropFirst(size)
            }
            #expect(
                replies == [
                    .success(.simple("OK")), .success(.integer(-7)), .success(.bulk([97, 13, 10])),
                    .success(.array([.null, .array([])])), .failure(.server(prefix: "ERR", message: "no")),
                ])
        }
    }

    @Test("bytes that are no RESP, or too many, are refused")
    func refused() throws {
        for text in [
            "x", "$x\r\n", "*-7\r\n", ":1x\r\n", "$99999999999999999999\r\n", String(repeating: "*1\r\n", count: 50),
        ] {
            let reader = try #require(RESPReader())
            #expect(throws: RedisError.protocolViolation) { try reader.feed(ByteBuffer(string: text)) { _ in } }
        }
        let reader = try #require(RESPReader(maximumSize: 100))
        #expect(throws: RedisError.protocolViolation) {
            try reader.feed(ByteBuffer(string: "$200\r\n" + String(repeating: "a", count: 150))) { _ in }
        }
    }

    @Test("random bytes never crash")
    func fuzz() throws {
        var random = SystemRandomNumberGenerator()
        let pieces = Array("+-:$*\r\n0123456789abc-".utf8)
        for _ in 0..<20_000 {
            let reader = try #require(RESPReader())
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in pieces.randomElement() ?? 0 }
            _ = try? reader.feed(ByteBuffer(bytes: bytes)) { _ in }
        }
    }
}
