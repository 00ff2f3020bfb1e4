import HTTP1
import Testing

@Suite("Host")
struct HostTests {
    @Test(
        "is a host with an optional port",
        arguments: [
            Case("a"), Case("auth.example.com"), Case("auth.example.com."), Case("AUTH.Example.COM:8443"),
            Case("127.0.0.1"), Case("127.0.0.1:1"), Case("a_b~c-d.example"), Case("xn--bcher-kva.example:65535"),
            Case("[::1]"), Case("[::]"), Case("[1::]:80"), Case("[2001:db8::1]:443"), Case("[1:2:3:4:5:6:7:8]"),
            Case("[::ffff:192.0.2.1]"), Case("[1:2:3:4:5:6:192.0.2.1]:1"), Case("[1:2:3:4:5:6:7::]"),
            Case("[ABCD:ef01::]"), Case(" a "),
            Case("", 400), Case(" ", 400), Case(".", 400), Case(".a", 400), Case("a..b", 400), Case("a b", 400),
            Case("a\tb", 400), Case("a,b", 400), Case("a/b", 400), Case("a/", 400), Case("/", 400), Case("a\\b", 400),
            Case("user@a", 400), Case("user:pass@a", 400), Case("@", 400), Case("a?b", 400), Case("a#b", 400),
            Case("a:", 400), Case(":", 400), Case(":80", 400), Case("a:0", 400), Case("a:65536", 400),
            Case("a:123456", 400), Case("a:+80", 400), Case("a:8 0", 400), Case("a:80:80", 400), Case("a:x", 400),
            Case("a:-1", 400), Case("\u{e9}.example", 400), Case("%61", 400), Case("a;b", 400), Case("\"a\"", 400),
            Case("a<b", 400), Case("a'b", 400), Case("a!b", 400), Case("a$b", 400), Case("http://a", 400),
            Case("::1", 400), Case("[]", 400), Case("[", 400), Case("[::1", 400), Case("::1]", 400), Case("[:]", 400),
            Case("[:::]", 400), Case("[::1]a", 400), Case("[::1]:", 400), Case("[1::2::3]", 400), Case("[1]", 400),
            Case("[1:2:3:4:5:6:7]", 400), Case("[1:2:3:4:5:6:7:8:9]", 400), Case("[1:2:3:4:5:6:7:8::]", 400),
            Case("[12345::]", 400), Case("[g::]", 400), Case("[1:]", 400), Case("[:1]", 400), Case("[1:2:]", 400),
            Case("[::1.2.3]", 400), Case("[::1.2.3.4.5]", 400), Case("[::256.1.1.1]", 400), Case("[::01.1.1.1]", 400),
            Case("[::1.1.1.]", 400), Case("[::1.1.1.1:1]", 400), Case("[1.2.3.4]", 400), Case("[fe80::1%eth0]", 400),
            Case("[v1.a]", 400), Case("[a]", 400), Case("[::1]:80:80", 400), Case("[[::1]]", 400),
            Case("[1:2:3:4:5:6:7:1.2.3.4]", 400), Case("[::.1.1.1]", 400), Case("[::a.1.1.1]", 400),
        ])
    func form(_ host: Case) {
        #expect(read("GET / HTTP/1.1\r\nHost: \(host.input)\r\n\r\n").status == host.status)
        // With HTTP/1.0 it may be missing, not wrong.
        #expect(ReadRequests(Array("GET / HTTP/1.0\r\nHost: \(host.input)\r\n\r\n".utf8)).status == host.status)
    }

    @Test("is needed once", arguments: ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nX: y\r\nhOST: b\r\n"])
    func once(_ lines: String) {
        #expect(read("GET / HTTP/1.1\r\n\(lines)\r\n").status == 400)
        #expect(read("GET / HTTP/1.2\r\n\(lines)\r\n").status == 400)
    }

    @Test("may lack with HTTP/1.0, but not stand twice")
    func old() {
        #expect(read("GET / HTTP/1.0\r\n\r\n").fault == nil)
        #expect(read("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n").status == 400)
    }

    @Test("is as long as a name can be, and no longer")
    func length() {
        let longest = String(repeating: "a.", count: 127) + "a"
        #expect(ReadRequests(Array("GET / HTTP/1.1\r\nHost: \(longest):65535\r\n\r\n".utf8)).fault == nil)
        #expect(ReadRequests(Array("GET / HTTP/1.1\r\nHost: \(longest)a\r\n\r\n".utf8)).status == 400)
    }
}
