import Testing

@testable import HTTP1

@Suite("What is wrong with a request")
struct FaultTests {
    private static let head = "GET / HTTP/1.1\r\nHost: a\r\n"
    private static let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"

    @Test(
        "is told by its reason",
        arguments: [
            ("GET / HTTP/1.1\n", .lineEnd), ("GET\n", .lineEnd), (head + "X: y\n", .lineEnd), ("G{T", .method),
            ("GET a HTTP/1.1\r\n", .target), ("GET / HTTP/1,", .version), ("GET / HTTP/2.0\r\n", .otherVersion),
            ("CONNECT a:1 HTTP/1.1\r\n", .connect), (head + "X y: z", .fieldName), (head + " X", .folded),
            (head + "\tX", .folded), (head + "X: \u{0}", .fieldValue), ("GET / HTTP/1.1\r\n\r\n", .noHost),
            (head + "Host: a\r\n", .severalHosts), ("GET / HTTP/1.1\r\nHost: a/b\r\n", .host),
            ("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", .otherHost), (head + "Content-Length: x\r\n", .contentLength),
            (head + "Transfer-Encoding: x\r\n\r\n", .transferEncoding), (head + "Expect: x\r\n\r\n", .expectation),
            (head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .encodedAndCounted),
            ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .encodedTooEarly), (chunked + "x", .chunkSize),
            (chunked + "1\n", .lineEnd), (chunked + "1;\r\n", .chunkExtension), (chunked + "1\r\nab", .chunkEnd),
            (chunked + "0\r\nHost: a\r\n", .trailer),
        ] as [(String, HTTP1Fault)])
    func reason(_ input: String, _ fault: HTTP1Fault) {
        #expect(read(input).fault == fault)
    }
}
