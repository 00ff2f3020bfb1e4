import HTTPFields
import Testing

@Suite("A header block")
struct HeaderBlockTests {
    @Test("takes over the fields of another behind its own")
    func appending() {
        var first = HeaderBlock()
        first.append("a", "1")
        var second = HeaderBlock()
        second.append("b", "2", unindexed: true)
        second.append("c", "")
        first.append(contentsOf: second)
        first.append(contentsOf: HeaderBlock())
        first.append("d", "4")
        var expected = HeaderBlock()
        expected.append("a", "1")
        expected.append("b", "2", unindexed: true)
        expected.append("c", "")
        expected.append("d", "4")
        #expect(first == expected)
        #expect(lines(first) == ["a: 1", "b: 2", "c: ", "d: 4"])
        #expect(lines(second) == ["b: 2", "c: "])
    }

    @Test("copies fields out of a message, each byte of a name in lower case", arguments: 0..<20)
    func copying(_ length: Int) {
        // All bytes that a name can be asked to have, at each place of a word, up to the last byte of the message.
        let letters: [UInt8] = (0...255).map { UInt8($0) }
        for start in stride(from: 0, to: 256 - length, by: 3) {
            let name = Array(letters[start..<start + length])
            let message = Array("xx".utf8) + name + Array("value".utf8)
            let line = HeaderBlock.Line(name: 2..<2 + length, value: 2 + length..<message.count)
            let last = HeaderBlock.Line(name: 2..<2 + length, value: 0..<0)
            let block = message.withUnsafeBytes { HeaderBlock(lowercasing: $0, at: [line, last]) }
            let lowered = name.map { (65...90).contains($0) ? $0 + 32 : $0 }
            var read: [[UInt8]] = []
            block.forEach { name, value in read += [Array(name), Array(value)] }
            #expect(read == [lowered, Array("value".utf8), lowered, []])
        }
    }

    @Test("a value's bytes beyond ASCII go on as they came, and are no text to decide by")
    func beyondASCII() {
        var block = HeaderBlock()
        block.append("x-tenant", "acm\u{E9}")
        block.append("x-tenant", "plain")
        #expect(block.value(of: "x-tenant") == "acm\u{1A}\u{1A}")
        #expect(block.values(of: "x-tenant") == ["acm\u{1A}\u{1A}", "plain"])
        #expect(block.withValue(of: "x-tenant") { $0.elementsEqual("acm\u{E9}".utf8) } == true)
    }
}
