import HTTP1
import Testing

@Suite("A request target")
struct RequestTargetTests {
    @Test("has visible ASCII without a fragment, and nothing else", arguments: UInt8.min...UInt8.max)
    func bytes(_ byte: UInt8) {
        let input = Array("GET /a".utf8) + [byte] + Array("b HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let isAllowed = (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "#")
        #expect(read(input).status == (isAllowed ? nil : 400))
    }

    @Test(
        "has one of the forms",
        arguments: [
            Case("GET /"), Case("GET //a"), Case("GET /../a"), Case("GET /?"), Case("GET /*"),
            Case("OPTIONS *"), Case("GET *", 400), Case("OPTIONS **", 400), Case("OPTIONS *a", 400),
            Case("options *", 400),
            Case("GET a", 400), Case("GET a/b", 400), Case("GET ?a", 400), Case("GET a:80", 400), Case("GET .", 400),
            Case("GET \\a", 400), Case("GET %2Fa", 400),
            Case("CONNECT a:80", 501), Case("CONNECT /", 501), Case("CONNECT *", 501), Case("CONNECT a#", 400),
        ])
    func forms(_ line: Case) {
        #expect(read("\(line.input) HTTP/1.1\r\nHost: a\r\n\r\n").status == line.status)
    }

    @Test(
        "in absolute form gives up its authority, which Host has to repeat",
        arguments: [
            ("GET http://a.example/b?c", "a.example", "/b?c"), ("GET http://a.example", "a.example", "/"),
            ("GET https://a.example/b", "a.example", "/b"), ("GET HTTP://a.example/b", "a.example", "/b"),
            ("GET http://A.example:8080/b", "a.EXAMPLE:8080", "/b"), ("GET http://a.example?b", "a.example", "/?b"),
            ("GET http://[::1]:80//", "[::1]:80", "//"), ("OPTIONS http://a.example", "a.example", "*"),
            ("OPTIONS http://a.example/", "a.example", "/"), ("OPTIONS http://a.example?", "a.example", "/?"),
        ])
    func absolute(_ line: String, _ host: String, _ target: String) {
        let outcome = read("\(line) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(outcome.fault == nil)
        #expect(outcome.requests.first?.target == target)
        #expect(outcome.requests.first?.lines == ["host: \(host)"])
    }

    @Test(
        "in absolute form is refused where its authority is none, or Host differs",
        arguments: [
            "http://b.example/", "http://a.example:80/", "http://a.example./", "http://user@a.example/",
            "http://a.example@b/", "http://", "http:///b", "http://?a.example", "http:a.example/", "http:/a.example/",
            "ftp://a.example/", "ws://a.example/", "//a.example", "http//a.example/", "https//a.example/",
            "http://a.example\\b/", "http://a.example:/", "http://a.example:x/", "http://a,a.example/",
        ])
    func wrongAbsolute(_ target: String) {
        let isPath = target.hasPrefix("/")
        let outcome = read("GET \(target) HTTP/1.1\r\nHost: a.example\r\n\r\n")
        #expect(outcome.status == (isPath ? nil : 400))
    }

    @Test("in absolute form needs Host all the same, but with HTTP/1.0 stands for it")
    func absoluteWithoutHost() {
        #expect(read("GET http://a.example/b HTTP/1.1\r\n\r\n").status == 400)
        let old = read("GET http://a.example:81/b HTTP/1.0\r\nAccept: x\r\n\r\n").requests.first
        #expect(old?.target == "/b")
        #expect(old?.lines == ["accept: x", "host: a.example:81"])
        #expect(read("GET http://a.example/b HTTP/1.0\r\nHost: b.example\r\n\r\n").status == 400)
        #expect(read("GET http://a,b/c HTTP/1.0\r\n\r\n").status == 400)
        #expect(read("GET http://user@a/c HTTP/1.0\r\n\r\n").status == 400)
    }
}
