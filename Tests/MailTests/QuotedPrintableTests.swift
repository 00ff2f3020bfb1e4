import Testing

@testable import Mail

@Suite struct QuotedPrintableTests {
    static let texts: [AwkwardText] = [
        "", "\n", "Hello", "Hello\n", "a\nb\r\nc\rd", "a\n\n\nb\n\n", "Grüße, 🏰 und 1 + 1 = 2\n",
        "trailing \nand\t\n \n",
        ".\n..\n.x\n", "From me\nFrom: me\nFromage\n", "\u{0}\u{1}\u{7F}\n", .init(repeating: "x", 75, then: "\n"),
        .init(repeating: "x", 76, then: "\n"), .init(repeating: "x", 77, then: "\n"),
        .init(repeating: "x", 75, then: "=\n"), .init(repeating: "x", 75, then: ".rest\n"),
        .init(repeating: "x", 75, then: " \n"), .init(repeating: "=", 400), .init(repeating: ".", 400),
        .init(repeating: " ", 400), .init(repeating: "From ", 100), .init(repeating: "ä", 400),
        .init(repeating: "https://id.example.com/reset?token=Ab.c_-9=&next=%2F", 20, then: "\n"),
    ]

    @Test("decoding gives the text byte for byte, its lines ended by CRLF", arguments: texts)
    func decodes(awkward: AwkwardText) throws {
        let text = awkward.text
        let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        let ended = lines.isEmpty || lines.hasSuffix("\n") ? lines : lines + "\n"
        #expect(try Self.decode(QuotedPrintable.encode(text)) == Array(ended.replacing("\n", with: "\r\n").utf8))
    }

    @Test("lines are at most 76 columns of ASCII, start with no dot and end with no space", arguments: texts)
    func lines(text: AwkwardText) {
        let encoded = String(decoding: QuotedPrintable.encode(text.text), as: UTF8.self)
        #expect(encoded.isEmpty || encoded.utf8.suffix(2).elementsEqual("\r\n".utf8))
        for line in encoded.components(separatedBy: "\r\n") {
            #expect(line.utf8.count <= 76)
            #expect(line.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 })
            #expect(!line.hasPrefix(".") && !line.hasPrefix("From "))
            #expect(!line.hasSuffix(" ") && !line.hasSuffix("\t"))
        }
    }

    /// A decoder as strict as RFC 2045 §6.7 lets one be.
    private static func decode(_ bytes: [UInt8]) throws -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                output.append(byte)
                continue
            }
            let code = String(decoding: rest.prefix(2), as: UTF8.self)
            rest = rest.dropFirst(2)
            guard code != "\r\n" else { continue }
            output.append(try #require(UInt8(code, radix: 16)))
        }
        return output
    }
}
