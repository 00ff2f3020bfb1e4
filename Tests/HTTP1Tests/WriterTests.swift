import HTTP1
import HTTPFields
import NIOCore
import Testing

@Suite("The writer")
struct WriterTests {
    private func block(_ fields: [(String, String)]) -> HeaderBlock {
        var block = HeaderBlock()
        for (name, value) in fields { block.append(name, value) }
        return block
    }

    @Test("writes an answer's head behind what is in the buffer")
    func response() {
        var buffer = ByteBuffer(string: "before ")
        HTTP1Writer.write(status: 200, block([(":status", "200"), ("content-length", "3"), ("x", "")]), to: &buffer)
        #expect(String(buffer: buffer) == "before HTTP/1.1 200 OK\r\ncontent-length: 3\r\nx: \r\n\r\n")
    }

    @Test("writes a request's head")
    func request() {
        var buffer = ByteBuffer()
        let fields = block([(":method", "GET"), (":path", "/"), (":authority", "a"), ("host", "b"), ("accept", "*/*")])
        HTTP1Writer.write(method: "POST", target: "/a?b=c", fields, to: &buffer)
        #expect(String(buffer: buffer) == "POST /a?b=c HTTP/1.1\r\nhost: b\r\naccept: */*\r\n\r\n")
    }

    @Test("writes every status with three digits and its reason, if there is one")
    func statuses() {
        for (status, line) in [(404, "404 Not Found"), (299, "299 "), (999, "999 "), (7, "500 Internal Server Error")] {
            var buffer = ByteBuffer()
            HTTP1Writer.write(status: status, HeaderBlock(), to: &buffer)
            #expect(String(buffer: buffer) == "HTTP/1.1 \(line)\r\n\r\n")
        }
        for status in 100...599 {
            #expect(HTTP1Writer.reason(status).description.utf8.allSatisfy { (0x20...0x7e).contains($0) })
        }
    }

    @Test("lets no value end its line, and leaves out a field whose name is none")
    func injection() {
        var buffer = ByteBuffer()
        let fields = block([
            ("location", "/a\r\nset-cookie: b"), ("x", "\u{0}a\tb\u{7f}"), ("bad name", "a"), ("bad\r\nname", "a"),
            ("", "a"), ("bad:name", "a"), ("y", "c"),
        ])
        HTTP1Writer.write(status: 302, fields, to: &buffer)
        let written = String(buffer: buffer)
        #expect(written == "HTTP/1.1 302 Found\r\nlocation: /a  set-cookie: b\r\nx:  a\tb \r\ny: c\r\n\r\n")
    }

    @Test("lets neither method nor target end the line")
    func lineInjection() {
        var buffer = ByteBuffer()
        HTTP1Writer.write(method: "G\r\n ET", target: "/a b\r\n\u{e9}#", HeaderBlock(), to: &buffer)
        #expect(String(buffer: buffer) == "GET /a%20b%0D%0A%C3%A9%23 HTTP/1.1\r\n\r\n")
    }

    @Test(
        "writes lengths of chunks",
        arguments: [(1, "1"), (15, "F"), (16, "10"), (4_096, "1000"), (Int.max, "7FFFFFFFFFFFFFFF")])
    func chunkHead(_ length: Int, _ text: String) {
        var buffer = ByteBuffer()
        HTTP1Writer.writeChunkHead(length, to: &buffer)
        #expect(String(buffer: buffer) == "\(text)\r\n")
    }

    @Test("writes what the parsers read")
    func roundTrip() {
        var buffer = ByteBuffer()
        let fields = block([("host", "a"), ("transfer-encoding", "chunked"), ("x", "\u{e9}")])
        HTTP1Writer.write(method: "POST", target: "/b", fields, to: &buffer)
        HTTP1Writer.writeChunkHead(26, to: &buffer)
        buffer.writeString("abcdefghijklmnopqrstuvwxyz\r\n")
        buffer.writeString(HTTP1Writer.lastChunk.description)
        let request = read(Array(buffer.readableBytesView)).requests.first
        #expect(request?.fields == fields)
        #expect(request?.text == "abcdefghijklmnopqrstuvwxyz")
        #expect(request?.isWhole == true)
    }
}
