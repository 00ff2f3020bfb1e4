import Domain
import Testing

@Suite("Origins")
struct OriginTests {
    @Test(
        "an origin is what a browser sends, to the letter",
        arguments: [
            ("https://app.example", true), ("http://localhost:3000", true), ("https://[2001:db8::1]:8443", true),
            ("https://app.example:8443", true), ("null", false), ("*", false), ("https://app.example/", false),
            ("https://app.example:443", false), ("http://app.example:80", false), ("https://APP.example", false),
            ("https://user@app.example", false), ("https://app.example:0080", false), ("https://app.example:", false),
            ("https://.example", false), ("https://app.example.", false), ("https://", false),
            ("ftp://app.example", false),
            ("https://app.example evil", false), ("https://[zz]", false), ("https://[", false), ("", false),
            ("https://app.example:99999", false), ("https://bücher.example", false), ("https://a..example", false),
            ("https://[::ffff:192.0.2.1]", false), ("https://[::ffff:c000:201]", true), ("https://a_b.example", true),
        ])
    func origins(text: String, isOne: Bool) {
        #expect((Origin(text) != nil) == isOne)
    }
}
