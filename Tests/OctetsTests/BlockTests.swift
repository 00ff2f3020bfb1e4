import Octets
import Testing

@Suite("Blocks of bytes")
struct BlockTests {
    @Test(
        "a block is cut at the first such byte, which belongs to neither part",
        arguments: [
            ("name=value=1", "name", "value=1"), ("=value", "", "value"), ("name=", "name", ""), ("=", "", ""),
            ("name", "name", ""), ("", "", ""),
        ])
    func cut(_ text: String, _ before: String, _ behind: String) {
        // What stands behind the block is not to be found.
        let bytes = Array(text.utf8) + [UInt8(ascii: "=")]
        bytes.withUnsafeBytes { all in
            let parts = UnsafeRawBufferPointer(rebasing: all.dropLast()).cut(at: UInt8(ascii: "="))
            #expect(parts.before.elementsEqual(before.utf8))
            #expect(parts.behind.elementsEqual(behind.utf8))
        }
    }

    @Test(
        "a text holds another where its bytes stand in it",
        arguments: [
            ("abc", "abc", true), ("xxabc", "abc", true), ("abcxx", "abc", true), ("ababc", "abc", true),
            ("aaab", "aab", true), ("ab", "abc", false), ("abxc", "abc", false), ("", "a", false), ("a", "", true),
            ("", "", true), ("xab", "abc", false), ("e\u{301}", "e", true),
        ])
    func holds(_ text: String, _ part: String, _ isHeld: Bool) {
        #expect(text.holds(part) == isHeld)
    }
}
