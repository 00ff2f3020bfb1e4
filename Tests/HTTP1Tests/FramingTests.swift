import HTTP1
import Testing

@Suite("The length of a request's body")
struct FramingTests {
    @Test(
        "is one decimal number",
        arguments: [
            ("0", HTTP1Framing.none), ("1", .length(1)), ("007", .length(7)), (" 7 ", .length(7)),
            ("9007199254740992", .length(1 << 53)), ("00000000000000000000000000000003", .length(3)),
        ])
    func number(_ value: String, _ framing: HTTP1Framing) {
        let outcome = read("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(value)\r\n\r\n")
        #expect(outcome.fault == nil)
        #expect(outcome.requests.first?.framing == framing)
        #expect(outcome.requests.first?.isWhole == (framing == .none))
    }

    @Test(
        "is refused in any other form",
        arguments: [
            "", " ", "+1", "-1", "-0", "1 1", "1\t1", "1,1", "1, 1", "5,", ",5", "5;", "0x5", "5.0", "1e1", "x", "5 x",
            "\u{661}", "9007199254740993", "18446744073709551616", "18446744073709551621", "9223372036854775808",
            "99999999999999999999999999999999999999", "1_000", "\"5\"", "5\u{0}",
        ])
    func wrong(_ value: String) {
        #expect(read("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(value)\r\n\r\nabcde").status == 400)
        #expect(read("POST / HTTP/1.0\r\nContent-Length: \(value)\r\n\r\nabcde").status == 400)
    }

    @Test("is said once, even where both say the same")
    func twice() {
        for (first, second) in [("5", "5"), ("5", "6"), ("0", "0"), ("0", "5")] {
            let lines = "Content-Length: \(first)\r\nX: y\r\ncontent-length: \(second)\r\n"
            #expect(read("POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\nabcde").status == 400)
        }
    }

    @Test("is chunked where that is all that Transfer-Encoding says", arguments: ["chunked", "Chunked", " CHUNKED\t"])
    func chunked(_ value: String) {
        let request = read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \(value)\r\n\r\n0\r\n\r\n").requests.first
        #expect(request?.framing == .chunked)
        #expect(request?.isWhole == true)
    }

    @Test(
        "is not guessed from another Transfer-Encoding",
        arguments: [
            "", "identity", "gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "chunked,", ",chunked",
            "chunked;q=1", "chunked ;a", "xchunked", "chunkedx", "chunk", "\"chunked\"",
            "chunked\r\nX: y\r\nTransfer-Encoding: chunked",
            "chunked\r\nTransfer-Encoding: identity", "identity\r\nTransfer-Encoding: chunked",
            "\r\nTransfer-Encoding: chunked", "chun ked", "cow",
        ])
    func otherEncoding(_ value: String) {
        let input = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \(value)\r\n\r\n0\r\n\r\n"
        #expect(read(input).status == 501)
    }

    @Test(
        "is refused where a control character hides in Transfer-Encoding", arguments: ["\u{b}chunked", "chunked\u{0}"])
    func hiddenEncoding(_ value: String) {
        #expect(read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \(value)\r\n\r\n0\r\n\r\n").status == 400)
    }

    @Test("is not both counted and chunked, in whatever order and spelling")
    func both() {
        for encoding in ["chunked", "identity", ""] {
            for length in ["0", "5"] {
                let lines = ["Transfer-Encoding: \(encoding)\r\n", "CONTENT-LENGTH: \(length)\r\n"]
                for order in [lines, lines.reversed()] {
                    let input = "POST / HTTP/1.1\r\nHost: a\r\n\(order.joined())\r\n0\r\n\r\n"
                    #expect(read(input).status == 400)
                }
            }
        }
    }

    @Test("is never chunked with HTTP/1.0", arguments: ["chunked", "gzip"])
    func tooEarly(_ encoding: String) {
        #expect(read("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: \(encoding)\r\n\r\n0\r\n\r\n").status == 400)
    }

    @Test("is nothing without either, whatever the method", arguments: ["GET", "POST", "DELETE", "x"])
    func none(_ method: String) {
        let outcome = read("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n\(method) /b HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(outcome.requests.map(\.target) == ["/", "/b"])
        #expect(outcome.requests.map(\.framing) == [.none, .none] && outcome.areWhole)
    }

    @Test("is kept to, whatever the method", arguments: ["GET", "HEAD", "OPTIONS", "TRACE", "POST", "x"])
    func anyMethod(_ method: String) {
        let outcome = read(
            """
            \(method) /a HTTP/1.1\r\nHost: a\r\nContent-Length: 29\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\nx\
            \(method) /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n
            """)
        #expect(outcome.fault == nil)
        #expect(outcome.requests.map(\.target) == ["/a", "/b"])
        #expect(outcome.requests.map(\.text) == ["GET /c HTTP/1.1\r\nHost: a\r\n\r\nx", "abc"])
        #expect(outcome.areWhole)
    }
}
