import HTTP1
import Testing

@Suite("A chunked body")
struct ChunkedTests {
    private static let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static let next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test(
        "is what its chunks hold",
        arguments: [
            ("0\r\n\r\n", ""), ("000\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"),
            ("1\r\na\r\n2\r\nbc\r\n003\r\ndef\r\n0\r\n\r\n", "abcdef"), ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("a\r\n\r\n0\r\n\r\n\r\n\r\r\n0\r\n\r\n", "\r\n0\r\n\r\n\r\n\r"),
            ("000000000000001\r\na\r\n000000000000000\r\n\r\n", "a"),
            ("00b\r\nhello world\r\n0\r\n\r\n", "hello world"),
            ("5;a=b\r\nhello\r\n0;c\r\n\r\n", "hello"), ("5;a=\"b;c=\u{e9}\t\";d\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5;a;b=c;d=\"\\\"\\\\\";e=\"\"\r\nhello\r\n0\r\n\r\n", "hello"),
            ("1\r\na\r\n0\r\nTrailer: x\r\nConnection: close\r\nContent-Lengths: x\r\n\r\n", "a"),
        ])
    func content(_ body: String, _ content: String) {
        let outcome = read(Self.head + body + Self.next)
        #expect(outcome.fault == nil)
        #expect(outcome.requests.map(\.target) == ["/", "/next"])
        #expect(outcome.requests.first?.text == content)
        #expect(outcome.requests.first?.lines == ["host: a", "transfer-encoding: chunked"])
        #expect(outcome.areWhole)
    }

    @Test(
        "is refused where its framing is not exact",
        arguments: [
            "\r\n", "\n", " 5\r\nhello\r\n", "\t5\r\nhello\r\n", "5 \r\nhello\r\n", "5\t\r\nhello\r\n", "x\r\n",
            "5 ;a\r\nhello\r\n", "0\t;a\r\n\r\n",
            "5;\r\nhello\r\n", "5;a;\r\nhello\r\n", "5;a=\r\nhello\r\n", "5; a\r\nhello\r\n", "5;a =b\r\nhello\r\n",
            "5;=b\r\nhello\r\n", "5;a=b=c\r\nhello\r\n", "5;a=\"b\r\nhello\r\n\"\r\n", "5;a=\"b\"c\r\nhello\r\n",
            "5;a=\"\\\r\n\"\r\nhello\r\n", "5;a=\"\u{b}\"\r\nhello\r\n", "5;a b\r\nhello\r\n", "5;a/b\r\nhello\r\n",
            "0x5\r\nhello\r\n", "+5\r\nhello\r\n", "-5\r\nhello\r\n", "5h\r\nhello\r\n", "5,5\r\nhello\r\n", "g\r\n",
            "0000000000000005\r\nhello\r\n", "1000000000000000\r\n", "fffffffffffffffff\r\n", ";a\r\n",
            "5 5\r\nhello\r\n",
            "5\nhello\r\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n", "5\r\r\nhello\r\n", "5\r\n\nhello", "5\n\rhello\r\n",
            "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n",
            "5\r\nhell\r\n0\r\n\r\n", "5\r\nhello\r\r\n", "5\r\nhello\n\r\n", "5\r\nhello\r\n\r\n0\r\n\r\n",
            "5;a\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n", "5;\u{0}\r\nhello\r\n", "5;a\u{7f}\r\nhello\r\n",
            "5;\n\r\nhello\r\n", "5;a\r\r\nhello\r\n", "5 a\r\nhello\r\n", "5=a\r\nhello\r\n", "5\"\r\nhello\r\n",
            "0\r\n\n", "0\n\r\n", "0\r\n\r\r\n", "0\r\r\n\r\n", "0 \r\n\r\n", "00x\r\n\r\n",
            "0\r\nX : y\r\n\r\n", "0\r\n: y\r\n\r\n", "0\r\nX: y\n\r\n", "0\r\nX: y\r\n z\r\n\r\n", "0\r\nX\r\n\r\n",
            "0\r\nX: \u{0}\r\n\r\n", "0\r\n X: y\r\n\r\n", "0\r\nGET / HTTP/1.1\r\n\r\n",
            "0\r\nContent-Length: 5\r\n\r\n", "0\r\nX: y\r\ntransfer-encoding: chunked\r\n\r\n", "0\r\nHOST: a\r\n\r\n",
        ])
    func refused(_ body: String) {
        let outcome = read(Self.head + body + Self.next)
        #expect(outcome.status == 400)
        #expect(outcome.requests.count == 1)
        #expect(outcome.requests.first?.isWhole == false)
    }

    @Test("may have extensions of 256 bytes a line")
    func longExtension() {
        let extensions = ";" + String(repeating: "e", count: 255)
        #expect(read(Self.head + "1\(extensions)\r\na\r\n0\(extensions)\r\n\r\n").requests.first?.isWhole == true)
        #expect(read(Self.head + "1\(extensions)e\r\na\r\n0\r\n\r\n").status == 400)
        #expect(read(Self.head + "0\(extensions)e\r\n\r\n").status == 400)
    }

    @Test("may have extensions of 4 KiB in all")
    func manyExtensions() {
        let chunk = "1;" + String(repeating: "e", count: 255) + "\r\na\r\n"
        let full = String(repeating: chunk, count: 16)
        #expect(read(Self.head + full + "0\r\n\r\n").requests.first?.text.count == 16)
        #expect(read(Self.head + full + "0;e\r\n\r\n").status == 400)
        #expect(read(Self.head + full + "1;e\r\na\r\n0\r\n\r\n").status == 400)
        // What one message had is not counted against the next.
        let two = read(Self.head + full + "0\r\n\r\n" + Self.head + full + "0\r\n\r\n")
        #expect(two.requests.map(\.isWhole) == [true, true])
    }

    @Test("is handed out as it comes, before its chunk is whole")
    func early() {
        let outcome = read(Self.head + "5\r\nhel")
        #expect(outcome.fault == nil)
        #expect(outcome.requests.first?.text == "hel")
        #expect(outcome.requests.first?.isWhole == false)
        #expect(outcome.rest == 0)
    }
}
