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

    @Test("a block that lies nowhere is empty")
    func nowhere() {
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        let parts = nothing.cut(at: 0)
        #expect(parts.before.isEmpty && parts.behind.isEmpty)
        #expect(nothing.holds(nothing))
        [UInt8(1)].withUnsafeBytes { one in
            #expect(!nothing.holds(one))
            #expect(one.holds(nothing))
        }
    }

    @Test(
        "pieces are those that split makes",
        arguments: [
            "", ",", "a", "a,b", ",a,,b,", "é,e\u{301},😀", "a, b",
            String(repeating: "long enough for the heap,", count: 9),
        ])
    func pieces(_ text: String) {
        #expect(text.pieces(between: ",") == text.split(separator: ",", omittingEmptySubsequences: false))
        #expect(text.words(between: ",") == text.split(separator: ","))
        let part = text.dropFirst()
        #expect(part.pieces(between: ",") == part.split(separator: ",", omittingEmptySubsequences: false))
    }

    @Test("blocks are compared to their last byte, and with nothing but their like")
    func constantTime() {
        let secret = Array("0123456789abcdef!".utf8)
        #expect(secret.equals(inConstantTime: secret))
        for place in secret.indices {
            var other = secret
            other[place] ^= 0x80
            #expect(!secret.equals(inConstantTime: other))
        }
        #expect(!secret.equals(inConstantTime: secret.dropLast()))
        #expect(!secret.equals(inConstantTime: secret + [0]))
        #expect(![UInt8]().equals(inConstantTime: secret))
        #expect([UInt8]().equals(inConstantTime: []))
    }
}
