import Testing

@testable import Gateway

@Suite("Requests sent ahead of their answers")
struct PipeliningTests {
    @Test("while nobody reads the answers no more are made, and then every one comes")
    func unread() async throws {
        try await withFront { front throws in
            let caller = try RawConnection(port: front.port, buffer: 64 << 10)
            let request = "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
            let all = Array(String(repeating: request, count: 400_000).utf8)
            let sent = caller.send(all, patience: 2)
            #expect(sent < all.count / 2)
            let answers = caller.readBytes(patience: 2)
            let heads = answers.split(separator: UInt8(ascii: "\n")).count { $0.starts(with: "x-request-id:".utf8) }
            #expect(heads == sent / request.utf8.count)
        }
    }
}
