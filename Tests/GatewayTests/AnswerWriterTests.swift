import HTTP1
import NIOCore
import Testing

@testable import Gateway

@Suite("Answers as bytes")
struct AnswerWriterTests {
    private func written(
        _ request: String, status: Int = 200, length: Int? = nil, parts: [String] = [], isDraining: Bool = false
    ) throws -> (text: String, keepsAlive: Bool) {
        var parser = HTTP1RequestParser()
        parser.receive(ByteBuffer(string: request + "\r\n\r\n"))
        guard case .head(let head) = try #require(try parser.next()) else { return ("", false) }
        var writer = HTTP1AnswerWriter()
        writer.isDraining = isDraining
        writer.begin(head)
        var answer = AnswerHead(status)
        if let length { answer.states(length: length) }
        writer.write(answer)
        for part in parts { #expect(writer.write(ByteBuffer(string: part)) == nil) }
        writer.end()
        let taken = writer.take()
        let bytes = try #require(taken)
        return (String(buffer: bytes), writer.keepsAlive)
    }

    private let head = "HTTP/1.1 200 OK\r\n"

    @Test("a body of known length is written as it is")
    func known() throws {
        let answer = try written("GET / HTTP/1.1\r\nHost: x", length: 5, parts: ["he", "llo"])
        #expect(answer.text == head + "content-length: 5\r\n\r\nhello")
        #expect(answer.keepsAlive)
    }

    @Test("one of unknown length goes in chunks, or to HTTP/1.0 until the connection ends")
    func unknown() throws {
        let chunked = try written("GET / HTTP/1.1\r\nHost: x", parts: ["hello", "", "0123456789abcdef"])
        #expect(
            chunked.text == head
                + "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n")
        #expect(chunked.keepsAlive)
        let old = try written("GET / HTTP/1.0\r\nConnection: keep-alive", parts: ["hello"])
        #expect(old.text == head + "connection: close\r\n\r\nhello")
        #expect(!old.keepsAlive)
    }

    @Test("HEAD, 204 and 304 have no body, whatever is written")
    func bodiless() throws {
        #expect(
            try written("HEAD / HTTP/1.1\r\nHost: x", length: 5, parts: ["hello"]).text
                == head + "content-length: 5\r\n\r\n")
        #expect(try written("HEAD / HTTP/1.1\r\nHost: x", parts: ["hello"]).text == head + "\r\n")
        #expect(
            try written("GET / HTTP/1.1\r\nHost: x", status: 204, length: 0, parts: ["hello"]).text
                == "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(
            try written("GET / HTTP/1.1\r\nHost: x", status: 304, parts: ["hello"]).text
                == "HTTP/1.1 304 Not Modified\r\n\r\n")
    }

    @Test("who may send another request is told, where it isn't what his version means anyway")
    func connection() throws {
        #expect(
            try written("GET / HTTP/1.0\r\nConnection: keep-alive", length: 0).text.contains("connection: keep-alive"))
        #expect(try !written("GET / HTTP/1.0", length: 0).keepsAlive)
        let asked = try written("GET / HTTP/1.1\r\nHost: x\r\nConnection: close", length: 0)
        #expect(asked.text.contains("connection: close\r\n"))
        let ending = try written("GET / HTTP/1.1\r\nHost: x", length: 0, isDraining: true)
        #expect(ending.text.contains("connection: close\r\n"))
        #expect(!ending.keepsAlive)
    }

    @Test("a long part is not copied, and is framed as the short ones are")
    func long() throws {
        var parser = HTTP1RequestParser()
        parser.receive(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        guard case .head(let request) = try #require(try parser.next()) else { return }
        var writer = HTTP1AnswerWriter()
        writer.begin(request)
        writer.write(AnswerHead(200))
        let part = ByteBuffer(repeating: 0x61, count: HTTP1AnswerWriter.copied + 1)
        #expect(writer.write(part) == part)
        let first = writer.take()
        let before = try #require(first)
        #expect(String(buffer: before).hasSuffix("\r\n\r\n2001\r\n"))
        writer.endLongPart()
        writer.end()
        let last = writer.take()
        let after = try #require(last)
        #expect(String(buffer: after) == "\r\n0\r\n\r\n")
    }
}
