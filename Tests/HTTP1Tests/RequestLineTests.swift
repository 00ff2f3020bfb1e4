import HTTP1
import Testing

@Suite("A request line")
struct RequestLineTests {
    @Test(
        "is token, target and version with one space between",
        arguments: [
            Case("GET / HTTP/1.1"), Case("get / HTTP/1.1"), Case("M-SEARCH / HTTP/1.1"),
            Case("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1"),
            Case("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345 / HTTP/1.1"),
            Case("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456 / HTTP/1.1", 400),
            Case("GET  / HTTP/1.1", 400), Case("GET /  HTTP/1.1", 400), Case(" GET / HTTP/1.1", 400),
            Case("GET\t/ HTTP/1.1", 400), Case("GET /\tHTTP/1.1", 400), Case("GET / HTTP/1.1 ", 400),
            Case("GET / HTTP/1.1\t", 400), Case("GET / x HTTP/1.1", 400), Case("GET /", 400), Case("GET", 400),
            Case("GET  HTTP/1.1", 400), Case("GET HTTP/1.1", 400), Case("", 400), Case("/ HTTP/1.1", 400),
            Case("G(T / HTTP/1.1", 400), Case("G\u{0}T / HTTP/1.1", 400), Case("G\u{7f}T / HTTP/1.1", 400),
            Case("G\u{e9}T / HTTP/1.1", 400), Case("GET:/ HTTP/1.1", 400), Case("\u{16}\u{3}\u{1}\u{2}", 400),
        ])
    func form(_ line: Case) {
        #expect(read("\(line.input)\r\nHost: a\r\n\r\n").status == line.status)
    }

    @Test(
        "names HTTP/1.x",
        arguments: [
            Case("HTTP/1.1"), Case("HTTP/1.2"), Case("HTTP/1.9"), Case("HTTP/1.0"),
            Case("HTTP/2.0", 505), Case("HTTP/0.9", 505), Case("HTTP/3.1", 505), Case("HTTP/9.9", 505),
            Case("HTTP/1.10", 400), Case("HTTP/11.1", 400), Case("HTTP/1.", 400), Case("HTTP/1", 400),
            Case("HTTP/.1", 400), Case("HTTP/1,1", 400), Case("HTTP/1.x", 400), Case("HTTP/x.1", 400),
            Case("http/1.1", 400), Case("HTTP 1.1", 400), Case("HTTPS/1.1", 400), Case("HTP/1.1", 400),
            Case("HTTP/+1.1", 400), Case("HTTP/1.-1", 400), Case("ICY/1.1", 400), Case("HTTP/\u{661}.1", 400),
        ])
    func version(_ version: Case) {
        #expect(read("GET / \(version.input)\r\nHost: a\r\n\r\n").status == version.status)
    }

    @Test("of a later HTTP/1 is read as HTTP/1.1", arguments: [("HTTP/1.0", 0), ("HTTP/1.1", 1), ("HTTP/1.7", 1)])
    func minorVersion(_ version: String, _ minor: Int) {
        #expect(read("GET / \(version)\r\nHost: a\r\n\r\n").requests.first?.minorVersion == minor)
    }

    @Test("of HTTP/2 without TLS is told that the version is not spoken")
    func preface() {
        #expect(read("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 505)
    }

    @Test(
        "ends in CR LF only",
        arguments: [
            "GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\rHost: a\r\n\r\n", "GET / HTTP/1.1\r\rHost: a\r\n\r\n",
            "GET / HTTP/1.1\n\rHost: a\r\n\r\n", "GET /\nHost: a\r\n\r\n", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET\r\n/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET\n/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GE\rT / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/\r1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\n\nHost: a\r\n\r\n",
        ])
    func lineEnd(_ input: String) {
        #expect(read(input).status == 400)
    }

    @Test(
        "may follow one empty line, and no more",
        arguments: [
            Case("\r\n"), Case("\r\n\r\n", 400), Case("\n", 400), Case("\r", 400), Case("\r\r\n", 400),
            Case("\r\n\n", 400), Case("\r\n\r", 400), Case(" \r\n", 400),
        ])
    func emptyLine(_ lead: Case) {
        #expect(read("\(lead.input)GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == lead.status)
        let second =
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\(lead.input)GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(read(second).status == lead.status)
    }

    @Test("is handed out as it was sent")
    func asSent() {
        let request = read("pAtch /a%2Fb?c=d&e=%20;f/g HTTP/1.1\r\nHost: a\r\n\r\n").requests.first
        #expect(request?.method == "pAtch")
        #expect(request?.target == "/a%2Fb?c=d&e=%20;f/g")
        #expect(request?.isWhole == true)
    }
}
