import HTTP1
import Testing

@Suite("What a request says of its connection")
struct ConnectionTests {
    @Test(
        "keeps it or ends it",
        arguments: [
            (1, [], true), (0, [], false), (1, ["close"], false), (0, ["close"], false), (1, ["keep-alive"], true),
            (0, ["keep-alive"], true), (0, ["Keep-Alive"], true), (1, ["CLOSE"], false), (1, [" close "], false),
            (1, ["a, close"], false), (1, ["close,a"], false), (1, ["a,,\tclose ,b"], false),
            (1, ["a", "close"], false),
            (0, ["a, keep-alive"], true), (0, ["a", "keep-alive"], true), (0, ["keep-alive, close"], false),
            (0, ["close", "keep-alive"], false), (1, ["keep-alive", "close"], false), (1, ["closed"], true),
            (1, ["clos"], true), (1, ["not close"], true), (0, ["keepalive"], false), (1, [""], true),
            (0, [","], false), (1, ["\"close\""], true), (1, ["upgrade"], true),
        ] as [(Int, [String], Bool)])
    func keepsAlive(_ minor: Int, _ values: [String], _ keeps: Bool) {
        let lines = values.map { "Connection: \($0)\r\n" }.joined()
        let request = read("GET / HTTP/1.\(minor)\r\nHost: a\r\n\(lines)\r\n").requests.first
        #expect(request?.keepsAlive == keeps)
    }

    @Test(
        "may ask for another protocol",
        arguments: [
            (1, "Connection: Upgrade\r\nUpgrade: websocket\r\n", true),
            (1, "Upgrade: websocket\r\nConnection: keep-alive, upgrade\r\n", true),
            (1, "Connection: keep-alive\r\nConnection: UPGRADE\r\nUpgrade: h2c\r\n", true),
            (1, "Upgrade: websocket\r\n", false), (1, "Connection: upgrade\r\n", false),
            (1, "Connection: upgrade\r\nUpgrade:\r\n", false), (1, "Connection: upgraded\r\nUpgrade: x\r\n", false),
            (0, "Connection: upgrade\r\nUpgrade: websocket\r\n", false),
        ])
    func upgrade(_ minor: Int, _ lines: String, _ upgrades: Bool) {
        let request = read("GET / HTTP/1.\(minor)\r\nHost: a\r\n\(lines)\r\n").requests.first
        #expect(request?.upgrade == upgrades)
    }

    @Test("may ask for a word before the body", arguments: ["100-continue", "100-Continue", " 100-CONTINUE "])
    func expects(_ value: String) {
        let input = "POST / HTTP/1.1\r\nHost: a\r\nExpect: \(value)\r\nContent-Length: 1\r\n\r\n"
        #expect(read(input).requests.first?.expectsContinue == true)
        let old = read("POST / HTTP/1.0\r\nHost: a\r\nExpect: \(value)\r\nContent-Length: 1\r\n\r\n")
        #expect(old.requests.first?.expectsContinue == false)
        #expect(read("POST / HTTP/1.1\r\nHost: a\r\n\r\n").requests.first?.expectsContinue == false)
    }

    @Test(
        "expects nothing else",
        arguments: [
            "", "100", "100-continued", "200-ok", "100-continue, 100-continue", "100-continue;a", "x, 100-continue",
            "100-continue\r\nExpect: 100-continue", "x\r\nExpect: 100-continue", "100-continue\r\nExpect: x",
        ])
    func otherExpectation(_ value: String) {
        #expect(read("POST / HTTP/1.1\r\nHost: a\r\nExpect: \(value)\r\n\r\n").status == 417)
        #expect(read("POST / HTTP/1.0\r\nExpect: \(value)\r\n\r\n").status == 417)
    }

    @Test("is judged last: what makes the message unclear comes first")
    func order() {
        #expect(read("POST / HTTP/1.1\r\nExpect: x\r\n\r\n").status == 400)
        let both = "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"
        #expect(read("POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\(both)\r\n").status == 400)
        #expect(read("POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nX : y\r\n\r\n").status == 400)
    }
}
