import HTTP1
import HTTPFields
import Testing

@Suite("Fields")
struct FieldTests {
    @Test("come in their order, names in lower case, values without the blanks around them")
    func values() {
        let request = read(
            """
            GET / HTTP/1.1\r\nHost:a.example\r\nX-UPPER_and.Lower:  \t a  b\tc \t \r\nx-empty:\r\nX-Blank: \t\r\n\
            x-UPPER_and.lower: second\r\nConnection: close\r\n\r\n
            """
        ).requests.first
        #expect(
            request?.lines == [
                "host: a.example", "x-upper_and.lower: a  b\tc", "x-empty: ", "x-blank: ",
                "x-upper_and.lower: second", "connection: close",
            ])
    }

    @Test("have a name of token characters", arguments: UInt8.min...UInt8.max)
    func nameBytes(_ byte: UInt8) {
        let isToken = "!#$%&'*+-.^_`|~".utf8.contains(byte) || Character(UnicodeScalar(byte)).isASCIILetterOrDigit
        // After a colon it is a value that begins with the rest of the name.
        let isAllowed = isToken || byte == UInt8(ascii: ":")
        let input = Array("GET / HTTP/1.1\r\nHost: a\r\nx".utf8) + [byte] + Array("y: z\r\n\r\n".utf8)
        let outcome = read(input)
        #expect(outcome.status == (isAllowed ? nil : 400))
        if isToken {
            let name = String(decoding: [byte], as: UTF8.self).lowercased()
            #expect(outcome.requests.first?.lines.last == "x\(name)y: z")
        }
    }

    @Test("have a value without control characters but the tab", arguments: UInt8.min...UInt8.max)
    func valueBytes(_ byte: UInt8) {
        let isAllowed = byte >= 0x20 && byte != 0x7f || byte == 0x09
        // At every place among the eight that are looked at together, and behind them.
        for lead in 0..<10 {
            let value = Array(repeating: UInt8(ascii: "v"), count: lead) + [byte] + Array("w".utf8)
            let input = Array("GET / HTTP/1.1\r\nHost: a\r\nx: ".utf8) + value + Array("\r\n\r\n".utf8)
            let outcome = ReadRequests(input)
            #expect(outcome.status == (isAllowed ? nil : 400))
            #expect(ReadRequests(input, pieces: [25 + lead]) == outcome)
            guard isAllowed else { continue }
            let isBlank = lead == 0 && (byte == 0x20 || byte == 0x09)
            let read = outcome.requests.first?.fields.withValue(of: "x") { Array($0) }
            #expect(read == (isBlank ? Array("w".utf8) : value))
        }
    }

    @Test(
        "are refused in any other form",
        arguments: [
            "X : y\r\n", "X\t: y\r\n", ": y\r\n", "X\r\n", "X y\r\n", "X\r\n: y\r\n", "\"X\": y\r\n", "(X): y\r\n",
            " X: y\r\n", "\tX: y\r\n", "X: y\r\n z\r\n", "X: y\r\n\tz\r\n", "X: y\r\n \r\n", "X: y\r\n : z\r\n",
            "X: y\n", "X: y\nZ: a\r\n", "X: y\rZ: a\r\n", "X: y\r\r\n", "X: y\r \r\n", "X:\ny\r\n", "X:\ry\r\n",
            "X\n: y\r\n", "\nX: y\r\n", "X: y\r\n\n", "X: y\r\n\r", "\r\r\n", "=: y\r\nX@: y\r\n", "X: \u{0}\r\n",
            "X: a\u{b}b\r\n", "X: a\u{1b}[0m\r\n", "X: a\u{7f}\r\n", "X,Y: z\r\n", "X;Y: z\r\n", "[X]: y\r\n",
        ])
    func refused(_ lines: String) {
        #expect(read("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n").status == 400)
        #expect(read("GET / HTTP/1.1\r\n\(lines)Host: a\r\n\r\n").status == 400)
    }

    @Test("whose names only look like those that matter decide nothing")
    func lookalikes() {
        let request = read(
            """
            GET / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\nContent_Length: 5\r\nContent-Lengt: 6\r\n\
            Transfer-Encodin: chunked\r\nHosts: b\r\nConnectio: close\r\nxpect: x\r\nExpecr: x\r\nHos: x\r\n\r\n
            """
        ).requests.first
        #expect(request?.framing == HTTP1Framing.none)
        #expect(request?.keepsAlive == true)
        #expect(request?.isWhole == true)
    }

    @Test("may be none with HTTP/1.0")
    func none() {
        let request = read("GET / HTTP/1.0\r\n\r\n").requests.first
        #expect(request?.fields.count == 0)
        #expect(request?.isWhole == true)
    }
}

extension Character {
    fileprivate var isASCIILetterOrDigit: Bool { isASCII && (isLetter || isNumber) }
}
