import HTTP1
import NIOCore
import Testing

@Suite("An answer")
struct ResponseTests {
    @Test(
        "begins with version, status and perhaps a reason",
        arguments: [
            ("HTTP/1.1 200 OK", 200), ("HTTP/1.0 404 Not Found", 404), ("HTTP/1.1 200", 200), ("HTTP/1.1 200 ", 200),
            ("HTTP/1.1 599 \u{e9}\tx  ", 599), ("HTTP/1.9 301 a", 301), ("HTTP/1.1 200 200 200", 200),
            ("HTTP/1.1  200 OK", nil), ("HTTP/1.1 20 OK", nil), ("HTTP/1.1 2000 OK", nil), ("HTTP/1.1 200OK", nil),
            ("HTTP/1.1 099 x", nil), ("HTTP/1.1 600 x", nil), ("HTTP/1.1 +20 x", nil), ("HTTP/1.1 2x0 x", nil),
            ("HTTP/1.1 -20 x", nil), ("HTTP/1.1 OK", nil), ("HTTP/1.1", nil), ("HTTP/1.1 ", nil), ("", nil),
            ("HTTP/2.0 200 OK", nil), ("HTTP/2 200 OK", nil), ("http/1.1 200 OK", nil), (" HTTP/1.1 200 OK", nil),
            ("HTTP/1.1\t200 OK", nil), ("HTTP/1.1 200\tOK", nil), ("HTTP/1.1 200 a\u{0}", nil), ("ICY 200 OK", nil),
            ("HTTP/1.1 200 a\rb", nil), ("HTTP/1.1 200 a\nb", nil), ("\r\nHTTP/1.1 200 OK", nil), ("<html>", nil),
            ("HTTP/1.1 200 a\u{7f}", nil), ("HTTP/1.1 200\r", nil), ("HTTP/1.1 200\n", nil),
        ] as [(String, Int?)])
    func statusLine(_ line: String, _ status: Int?) {
        let outcome = answers("\(line)\r\nContent-Length: 0\r\n\r\n")
        #expect(outcome.responses.first?.status == status)
        #expect(outcome.fault?.status == (status == nil ? 502 : nil))
    }

    @Test(
        "has a body as its fields say",
        arguments: [
            ("Content-Length: 3\r\n\r\nabc", HTTP1Framing.length(3), "abc", true),
            ("Content-Length: 0\r\n\r\n", .none, "", true),
            ("Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: x\r\n\r\n", .chunked, "abc", true),
            ("\r\nabc", .untilClose, "abc", false),
            ("Connection: close\r\n\r\n", .untilClose, "", false),
            ("Content-Length: 3\r\nConnection: close\r\n\r\nabc", .length(3), "abc", false),
        ] as [(String, HTTP1Framing, String, Bool)])
    func framing(_ rest: String, _ framing: HTTP1Framing, _ text: String, _ keepsAlive: Bool) {
        let outcome = answers("HTTP/1.1 200 OK\r\n\(rest)", ends: true)
        #expect(outcome.fault == nil)
        #expect(outcome.responses.count == 1)
        #expect(outcome.responses.first?.framing == framing)
        #expect(outcome.responses.first?.text == text)
        #expect(outcome.responses.first?.keepsAlive == keepsAlive)
        #expect(outcome.responses.first?.isWhole == true)
    }

    @Test(
        "is refused where its fields are wrong or could be read in two ways",
        arguments: [
            "Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3, 3", "Content-Length: 3\r\nContent-Length: 4",
            "Content-Length: -1", "Content-Length: +1", "Content-Length:", "Content-Length: 9007199254740993",
            "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: identity",
            "Transfer-Encoding: chunked\r\nContent-Length: 3", "Content-Length: 0\r\nTransfer-Encoding: chunked",
            "X : y", " X: y", "X: y\r\n z", ": y", "X", "X: a\u{0}b", "X: y\nZ: a", "X: y\rZ: a", "X\u{e9}: y",
        ])
    func wrongFields(_ lines: String) {
        for (method, status) in [("GET", 200), ("HEAD", 200), ("GET", 304), ("GET", 204)] {
            let outcome = answers("HTTP/1.1 \(status) x\r\n\(lines)\r\n\r\nabc", to: method)
            #expect(outcome.fault?.status == 502)
            #expect(outcome.responses.isEmpty)
        }
    }

    @Test(
        "is refused where its chunks are not exact",
        arguments: ["5\n", "x\r\n", "1\r\nab\r\n", "0\r\nX : y\r\n", "1 \r\n"])
    func wrongChunks(_ body: String) {
        let outcome = answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
        #expect(outcome.fault?.status == 502)
    }

    @Test("with HTTP/1.0 is not chunked")
    func old() {
        #expect(answers("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").fault?.status == 502)
        let kept = answers("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na").responses.first
        #expect(kept?.keepsAlive == true)
        #expect(kept?.minorVersion == 0)
        #expect(answers("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na").responses.first?.keepsAlive == false)
    }

    @Test("to HEAD, and with 204 and 304, has no body whatever its fields say")
    func noBody() {
        for (method, status) in [("HEAD", 200), ("HEAD", 404), ("GET", 304), ("GET", 204)] {
            for lines in ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", ""] {
                let first = "HTTP/1.1 \(status) x\r\n\(lines)\r\n"
                let outcome = answers(first, to: method)
                #expect(outcome.fault == nil)
                #expect(outcome.responses.first?.framing == HTTP1Framing.none)
                #expect(outcome.responses.first?.isWhole == true)
                // Where a body is announced that there must not be, it may well follow.
                #expect(outcome.responses.first?.keepsAlive == (status != 204 || lines.isEmpty))
            }
        }
        #expect(answers("HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n").responses.first?.keepsAlive == true)
        #expect(answers("HTTP/1.1 200 x\r\n\r\nabc", to: "head", ends: true).responses.first?.text == "abc")
    }

    @Test("that follows one to HEAD is read as one to GET unless said otherwise")
    func methodOnce() {
        let first = "HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\n"
        let outcome = answers(first + first + "ab", to: "HEAD")
        #expect(outcome.responses.map(\.text) == ["", "ab"])
    }

    @Test("comes after any interim answers, which are dropped")
    func interim() {
        let outcome = answers(
            """
            HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 0\r\n\r\n\
            HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab
            """)
        #expect(outcome.responses.map(\.status) == [200])
        #expect(outcome.responses.first?.text == "ab")
        let head = answers("HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 x\r\nContent-Length: 5\r\n\r\n", to: "HEAD")
        #expect(head.responses.first?.isWhole == true)
    }

    @Test("comes after no flood of interim answers, and none that has a body")
    func wrongInterim() {
        let final = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let interim = "HTTP/1.1 102 x\r\n\r\n"
        #expect(answers(String(repeating: interim, count: 32) + final).responses.map(\.status) == [200])
        #expect(answers(String(repeating: interim, count: 33) + final).fault?.status == 502)
        // Counted for each answer.
        let two = String(repeating: interim, count: 32) + final + String(repeating: interim, count: 32) + final
        #expect(answers(two).responses.map(\.status) == [200, 200])
        for line in ["Content-Length: 1", "Transfer-Encoding: chunked"] {
            #expect(answers("HTTP/1.1 100 x\r\n\(line)\r\n\r\n\(final)").fault?.status == 502)
            #expect(answers("HTTP/1.1 101 x\r\n\(line)\r\n\r\n\(final)").fault?.status == 502)
        }
    }

    @Test("of 101, or of 2xx to CONNECT, leaves the connection to another protocol", arguments: ["GET", "CONNECT"])
    func changes(_ method: String) throws {
        let status = method == "CONNECT" ? "200 OK\r\nContent-Length: 4" : "101 x\r\nUpgrade: y"
        let outcome = answers("HTTP/1.1 \(status)\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", to: method)
        #expect(outcome.responses.count == 1)
        #expect(outcome.responses.first?.framing == HTTP1Framing.none)
        #expect(outcome.responses.first?.isWhole == true)
        #expect(outcome.responses.first?.keepsAlive == false)
        #expect(outcome.rest == 19)

        var parser = HTTP1ResponseParser()
        parser.expects(answerTo: method)
        parser.receive(ByteBuffer(string: "HTTP/1.1 \(status)\r\n\r\nnew"))
        while try parser.next() != nil {}
        parser.receive(ByteBuffer(string: " bytes"))
        #expect(try parser.next() == nil)
        #expect(String(buffer: parser.takeRest()) == "new bytes")
        #expect(try parser.receiveEnd() == nil)
    }

    @Test("of another status to CONNECT has a body as any other")
    func refusedTunnel() {
        let outcome = answers("HTTP/1.1 403 x\r\nContent-Length: 2\r\n\r\nno", to: "CONNECT")
        #expect(outcome.responses.first?.text == "no")
        #expect(outcome.responses.first?.keepsAlive == true)
    }

    @Test(
        "is broken off where the connection ends within it",
        arguments: [
            "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "HTTP/1.1 100 x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
        ])
    func brokenOff(_ input: String) {
        #expect(answers(input).fault == nil)
        let outcome = answers(input, ends: true)
        #expect(outcome.fault?.status == 502)
        #expect(outcome.responses.last?.isWhole != true)
    }

    @Test("may come late or not at all where the connection ends between answers")
    func endBetween() throws {
        #expect(answers("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", ends: true).fault == nil)
        var parser = HTTP1ResponseParser()
        #expect(try parser.receiveEnd() == nil)
        #expect(try parser.next() == nil)
    }

    @Test("that only the end of the connection ends is read to the last byte, when the end is told early, too")
    func endBeforeDrained() throws {
        var parser = HTTP1ResponseParser()
        parser.receive(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\nabc"))
        var names: [String] = []
        var part = try parser.receiveEnd()
        while let known = part {
            switch known {
            case .head: names.append("head")
            case .body(let bytes): names.append(String(buffer: bytes))
            case .end: names.append("end")
            }
            part = try parser.next()
        }
        #expect(names == ["head", "abc", "end"])
    }

    @Test(
        "that came before its request is none", arguments: ["HTTP/1.1 200 OK\r\n\r\n", "H", "HTTP/1.1 100 x\r\n\r\n"])
    func unasked(_ early: String) throws {
        let first = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
        for isRead in [false, true] {
            var parser = HTTP1ResponseParser()
            parser.expects(answerTo: "GET")
            parser.receive(ByteBuffer(string: first))
            while try parser.next() != nil {}
            #expect(parser.isBetweenMessages)
            parser.receive(ByteBuffer(string: early))
            if isRead { _ = try parser.next() }
            #expect(!parser.isBetweenMessages)
            parser.expects(answerTo: "GET")
            parser.receive(ByteBuffer(string: first))
            var status: Int?
            do throws(HTTP1Fault) { _ = try parser.next() } catch { status = error.status }
            #expect(status == 502)
        }
    }

    @Test("keeps to the limits, which it breaks with 502")
    func limits() {
        var limits = HTTP1Limits()
        limits.head = 100
        limits.fields = 2
        limits.trailers = 20
        let line = "HTTP/1.1 200 OK\r\n"
        func padded(_ length: Int) -> String { line + "X: " + String(repeating: "x", count: length - 24) + "\r\n\r\n" }
        #expect(answers(padded(100), limits: limits).responses.count == 1)
        #expect(answers(padded(101), limits: limits).fault?.status == 502)
        #expect(answers(line + "A: b\r\nA: b\r\n\r\n", limits: limits).fault == nil)
        #expect(answers(line + "A: b\r\nA: b\r\nA: b\r\n\r\n", limits: limits).fault?.status == 502)
        let chunked = line + "Transfer-Encoding: chunked\r\n\r\n0\r\n"
        #expect(answers(chunked + "X: 23456789012345\r\n\r\n", limits: limits).fault?.status == 502)
    }
}
