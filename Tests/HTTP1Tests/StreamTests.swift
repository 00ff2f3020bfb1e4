import NIOCore
import Testing

@testable import HTTP1

@Suite("The bytes of a connection")
struct StreamTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("hold any number of requests, one behind the other")
    func pipeline() {
        let outcome = read(
            Self.get + "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + Self.get
                + "\r\nPOST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n" + Self.get
                + "GET /d HT")
        #expect(outcome.requests.map(\.target) == ["/a", "/b", "/a", "/c", "/a"])
        #expect(outcome.requests.map(\.text) == ["", "abc", "", "de", ""])
        #expect(outcome.areWhole)
        #expect(outcome.rest == 9)
    }

    @Test(
        "are no request behind one that ends the connection",
        arguments: ["GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /a HTTP/1.0\r\n\r\n"])
    func last(_ last: String) throws {
        let outcome = read(Self.get + last + Self.get + "\u{0}")
        #expect(outcome.requests.map(\.target) == ["/a", "/a"])
        #expect(outcome.fault == nil)
        #expect(outcome.areWhole)
        #expect(outcome.rest == 0)
        var parser = HTTP1RequestParser()
        parser.receive(ByteBuffer(string: last))
        while try parser.next() != nil {}
        parser.receive(ByteBuffer(string: Self.get))
        #expect(parser.bufferedBytes == 0)
        #expect(parser.isBetweenMessages)
        #expect(try parser.next() == nil)
    }

    @Test("give what stood before a wrong request, and nothing after it")
    func faultInPipeline() {
        let outcome = read(Self.get + "GET /b HTTP/1.1\r\n\r\n" + Self.get)
        #expect(outcome.requests.map(\.target) == ["/a"])
        #expect(outcome.status == 400)
        #expect(outcome.rest == 0)
    }

    @Test("after a fault are not kept, and the fault stays")
    func stickyFault() {
        var parser = HTTP1RequestParser()
        parser.receive(ByteBuffer(string: "GET / HTTP/3.0\r\n"))
        for _ in 0..<3 {
            #expect(throws: HTTP1Fault.otherVersion) { try parser.next() }
            parser.receive(ByteBuffer(string: Self.get))
            #expect(parser.bufferedBytes == 0)
            #expect(!parser.isBetweenMessages)
        }
    }

    @Test("tell whether a next request has begun")
    func between() throws {
        var parser = HTTP1RequestParser()
        #expect(parser.isBetweenMessages)
        #expect(try parser.next() == nil)
        #expect(parser.isBetweenMessages)
        parser.receive(ByteBuffer(string: "G"))
        #expect(!parser.isBetweenMessages)
        #expect(try parser.next() == nil)
        #expect(!parser.isBetweenMessages)
        parser.receive(ByteBuffer(string: "ET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(try parser.next() != nil)
        #expect(!parser.isBetweenMessages)
        guard case .end = try parser.next() else {
            Issue.record("a request without a body ends with its head")
            return
        }
        #expect(parser.isBetweenMessages)
        // An empty line is not yet a request.
        parser.receive(ByteBuffer(string: "\r\n"))
        #expect(try parser.next() == nil)
        #expect(parser.isBetweenMessages)
        #expect(parser.bufferedBytes == 0)
        parser.receive(ByteBuffer(string: "\r\n"))
        #expect(throws: HTTP1Fault.self) { try parser.next() }
    }

    @Test("that were not read go to the next protocol")
    func rest() throws {
        var parser = HTTP1RequestParser()
        parser.receive(
            ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nnew\r\nbytes"))
        guard case .head(let head) = try parser.next(), case .end = try parser.next() else {
            Issue.record("a head and its end")
            return
        }
        #expect(head.upgrade)
        #expect(parser.bufferedBytes == 10)
        #expect(String(buffer: parser.takeRest()) == "new\r\nbytes")
        #expect(parser.bufferedBytes == 0)
    }

    @Test("of a body are handed out where they are, not copied", arguments: [false, true])
    func slices(_ isChunked: Bool) throws {
        let head = isChunked ? "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" : "Content-Length: 1000\r\n\r\n"
        let body = String(repeating: "b", count: 1_000)
        let buffer = ByteBuffer(string: "POST / HTTP/1.1\r\nHost: a\r\n" + head + body + (isChunked ? "\r\n" : "GET"))
        var parser = HTTP1RequestParser()
        parser.receive(buffer)
        guard case .head = try parser.next(), case .body(let part) = try parser.next() else {
            Issue.record("a head and a body")
            return
        }
        #expect(String(buffer: part) == body)
        buffer.withUnsafeReadableBytes { whole in
            part.withUnsafeReadableBytes { part in
                guard let first = part.baseAddress, let start = whole.baseAddress else { return }
                #expect(first >= start && first < start + whole.count)
            }
        }
    }

    @Test("are taken as they are when no others wait")
    func taken() {
        var input = Input()
        let buffer = ByteBuffer(string: "abc")
        input.receive(buffer)
        let address = buffer.withUnsafeReadableBytes { $0.baseAddress }
        #expect(input.takeAll().withUnsafeReadableBytes { $0.baseAddress } == address)
    }

    @Test("do not pile up where a next request has always begun already")
    func noGrowth() throws {
        var parser = HTTP1RequestParser()
        let request = Array(Self.get.utf8)
        // Cut behind the first byte of each request but the first.
        parser.receive(ByteBuffer(bytes: request + request.prefix(1)))
        for _ in 0..<2_000 {
            while try parser.next() != nil {}
            #expect(parser.bufferedBytes == 1)
            parser.receive(ByteBuffer(bytes: request.dropFirst() + request.prefix(1)))
        }
        #expect(parser.takeRest().capacity <= 4_096)
    }

    @Test("are let go once they are read")
    func letGo() throws {
        var parser = HTTP1RequestParser()
        parser.receive(ByteBuffer(string: Self.get))
        while try parser.next() != nil {}
        #expect(parser.takeRest().capacity == 0)
    }
}
