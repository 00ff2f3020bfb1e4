import HTTPFields
import NIOCore
import Testing

@testable import HTTP1

@Suite("The limits of a message")
struct LimitTests {
    private func limits(_ change: (inout HTTP1Limits) -> Void) -> HTTP1Limits {
        var limits = HTTP1Limits()
        change(&limits)
        return limits
    }

    /// A request whose start line and fields take that many bytes.
    private func request(head length: Int) -> String {
        let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n"
        return frame.replacing("X: ", with: "X: " + String(repeating: "x", count: length - frame.utf8.count))
    }

    @Test("are those that are promised")
    func promised() {
        let limits = HTTP1Limits()
        #expect(limits.head == 32_768)
        #expect(limits.target == 8_192)
        #expect(limits.fields == 100)
        #expect(limits.trailers == 8_192)
    }

    @Test("let a head of just the size pass")
    func head() {
        let limits = limits { $0.head = 200 }
        #expect(read(request(head: 200), limits: limits).requests.first?.isWhole == true)
        #expect(read(request(head: 201), limits: limits).status == 431)
        #expect(read("\r\n" + request(head: 200), limits: limits).requests.first?.isWhole == true)
        #expect(read(request(head: 200) + request(head: 200), limits: limits).requests.count == 2)
        #expect(read(request(head: 32_768)).requests.first?.isWhole == true)
        #expect(read(request(head: 32_769)).status == 431)
    }

    @Test("end a head that never ends, and keep nothing of it")
    func endless() {
        let limits = limits { $0.head = 200 }
        let endless = "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 5_000)
        let outcome = read(endless, limits: limits)
        #expect(outcome.status == 431)
        #expect(outcome.rest == 0)
        // A wrong byte within the limit is what counts, not what comes behind it.
        #expect(read(endless.replacing("Host", with: "Ho st"), limits: limits).status == 400)
        #expect(read(endless + "\u{0}", limits: limits).status == 431)
    }

    @Test("let a target of just the size pass")
    func target() {
        for length in [8_192, 8_193] {
            let target = "/" + String(repeating: "t", count: length - 1)
            let outcome = read("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(outcome.status == (length > 8_192 ? 414 : nil))
        }
        let limits = limits { $0.target = 10 }
        #expect(read("GET /234567890 HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits).fault == nil)
        #expect(read("GET /2345678901 HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits).status == 414)
        #expect(read("GET /2345678901", limits: limits).status == 414)
        #expect(read("GET /234567890", limits: limits).fault == nil)
        #expect(read("GET http://a/01 HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits).status == 414)
        #expect(read("GET /23456789\u{0}1 HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits).status == 400)
    }

    @Test("blame the target where it alone is larger than a head may be")
    func targetBeyondHead() {
        let limits = limits { $0.head = 100 }
        #expect(read("GET /" + String(repeating: "t", count: 200), limits: limits).status == 414)
        #expect(
            read("GET /" + String(repeating: "t", count: 80) + " HTTP/1.1\r\nHost: a", limits: limits).status == 431)
    }

    @Test("let just that many fields pass")
    func fields() {
        func request(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: count - 1) + "\r\n"
        }
        #expect(read(request(100)).requests.first?.fields.count == 100)
        #expect(read(request(101)).status == 431)
        #expect(read(request(3), limits: limits { $0.fields = 3 }).fault == nil)
        #expect(read(request(4), limits: limits { $0.fields = 3 }).status == 431)
    }

    @Test("let trailers of just the size and number pass, and start anew with each body")
    func trailers() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        let limits = limits { $0.trailers = 50 }
        func trailers(_ length: Int) -> String { "X: " + String(repeating: "x", count: length - 7) + "\r\n\r\n" }
        #expect(read(head + trailers(50), limits: limits).requests.first?.isWhole == true)
        #expect(read(head + trailers(51), limits: limits).status == 431)
        #expect(read(head + "X: " + String(repeating: "x", count: 500), limits: limits).status == 431)
        #expect(read(head + trailers(50) + head + trailers(50), limits: limits).requests.count == 2)
        #expect(read(head + trailers(8_192)).requests.first?.isWhole == true)
        #expect(read(head + trailers(8_193)).status == 431)
        #expect(read(head + String(repeating: "X: y\r\n", count: 100) + "\r\n").requests.first?.isWhole == true)
        #expect(read(head + String(repeating: "X: y\r\n", count: 101) + "\r\n").status == 431)
    }

    @Test("hold for a field's name, which a block can't note beyond 65,535 bytes")
    func name() {
        let limits = limits { $0.head = 200_000 }
        for length in [65_535, 65_536] {
            let name = String(repeating: "n", count: length)
            let outcome = ReadRequests(Array("GET / HTTP/1.1\r\nHost: a\r\n\(name): x\r\n\r\n".utf8), limits: limits)
            #expect(outcome.status == (length > 65_535 ? 431 : nil))
            if length == 65_535 { #expect(outcome.requests.first?.lines.last == "\(name): x") }
        }
    }

    @Test("cost no byte a second look, however the head is cut")
    func eachByteOnce() throws {
        let bytes = Array(request(head: 32_768).utf8)
        var parser = HTTP1RequestParser()
        for (index, byte) in bytes.dropLast().enumerated() {
            parser.receive(ByteBuffer(bytes: [byte]))
            let part = try parser.next()
            #expect(part == nil)
            // All that waits was looked at, and reading goes on behind it.
            #expect(parser.bufferedBytes == index + 1)
            #expect(parser.scannedBytes == index + 1)
        }
        parser.receive(ByteBuffer(bytes: bytes.suffix(1)))
        guard case .head = try parser.next() else {
            Issue.record("the head is whole")
            return
        }
        #expect(parser.bufferedBytes == 0)
    }
}
