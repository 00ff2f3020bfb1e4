import Octets
import Testing

@Suite("Bytes by eight")
struct WordTests {
    /// Texts of every length up to two words and a half, with each byte at each place of an otherwise plain text.
    private static func forEachText(_ body: ([UInt8], _ place: Int) throws -> Void) rethrows {
        for length in 1...20 {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var text = [UInt8](repeating: UInt8(ascii: "m"), count: length)
                    text[place] = byte
                    try body(text, place)
                }
            }
        }
    }

    private static func all(_ text: [UInt8], _ judge: (UInt64) -> Bool) -> Bool {
        text.withUnsafeBytes { $0.allWords(judge) }
    }

    @Test("every byte is looked at, wherever it stands, and nothing else")
    func everyByte() {
        #expect(Self.all([]) { _ in false })
        for length in 1...40 {
            // Between others, which are not to be seen.
            let text = [UInt8](repeating: 0, count: 8) + [UInt8](1...UInt8(length)) + [UInt8](repeating: 0, count: 8)
            var seen: Set<UInt8> = []
            let isWhole = text.withUnsafeBytes { bytes in
                UnsafeRawBufferPointer(rebasing: bytes[8..<8 + length]).allWords { word in
                    for place in 0..<8 { seen.insert(UInt8(truncatingIfNeeded: word >> UInt64(8 * place))) }
                    return true
                }
            }
            #expect(isWhole)
            #expect(seen == Set(1...UInt8(length)))
        }
    }

    @Test("a range, a byte, and bytes below a bound are found as by looking at one after the other")
    func tests() {
        Self.forEachText { text, place in
            let (byte, isASCII) = (text[place], text[place] < 0x80)
            if isASCII {
                let isLetter = Self.all(text) {
                    Word.from(UInt8(ascii: "a"), to: UInt8(ascii: "z"), in: $0) & Word.marks == Word.marks
                }
                #expect(isLetter == (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte))
                let isM = Self.all(text) { Word.equal(to: UInt8(ascii: "m"), in: $0) & Word.marks == Word.marks }
                #expect(isM == (byte == UInt8(ascii: "m")))
            }
            #expect(Self.all(text) { !Word.anyBelow(0x20, in: $0) } == (byte >= 0x20))
            #expect(Self.all(text) { !Word.any(0x7f, in: $0) } == (byte != 0x7f))
        }
    }

    @Test("a text stands in JSON as it is unless it has a control character, a quote or a backslash")
    func plainInJSON() {
        #expect("".isPlainInJSON)
        #expect("grüße, 世界 🙂: ein langer Text".isPlainInJSON)
        Self.forEachText { text, place in
            // What is no UTF-8 is no text.
            guard text[place] < 0x80 else { return }
            let isPlain = text[place] >= 0x20 && text[place] != UInt8(ascii: "\"") && text[place] != UInt8(ascii: "\\")
            #expect(String(decoding: text, as: UTF8.self).isPlainInJSON == isPlain)
        }
    }

    @Test("a text begins with its first bytes, and with none", arguments: ["/t/acme", "/", "", "grüße", "/t/e\u{301}"])
    func beginning(text: String) {
        for length in 0...text.unicodeScalars.count {
            #expect(text.begins(with: String(String.UnicodeScalarView(text.unicodeScalars.prefix(length)))))
        }
        #expect(!text.begins(with: text + "x"))
        #expect(!text.begins(with: "x"))
    }

    @Test("texts are joined in their order, whatever they are")
    func joining() {
        #expect(String(joining: "", "") == "")
        #expect(String(joining: "a", "") == "a")
        #expect(String(joining: "a", "bc", "", "d") == "abcd")
        let long = String(repeating: "ü", count: 40)
        #expect(String(joining: long, "/", long, "é") == long + "/" + long + "é")
    }
}
