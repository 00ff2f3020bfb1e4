import Testing

@testable import HTTP1

@Suite("The classes of bytes")
struct ByteClassTests {
    private static let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    private static let digits = Set("0123456789".utf8)

    @Test("are those of the RFCs", arguments: UInt8.min...UInt8.max)
    func classes(_ byte: UInt8) {
        let alphanumeric = Self.letters.union(Self.digits)
        #expect(ByteClass.isToken(byte) == alphanumeric.union("!#$%&'*+-.^_`|~".utf8).contains(byte))
        #expect(ByteClass.isTarget(byte) == ((0x21...0x7e).contains(byte) && byte != 0x23))
        #expect(ByteClass.isHost(byte) == alphanumeric.union("-._~".utf8).contains(byte))
        #expect(ByteClass.isText(byte) == (byte == 0x09 || byte >= 0x20 && byte != 0x7f))
        #expect(ByteClass.isBlank(byte) == (byte == 0x20 || byte == 0x09))
        #expect(ByteClass.isDigit(byte) == Self.digits.contains(byte))
        let text = String(UnicodeScalar(byte))
        #expect(ByteClass.hexadecimal(byte) == (text.utf8.count == 1 && text != "+" ? Int(text, radix: 16) : nil))
        #expect(ByteClass.lowercased(byte) == (byte < 128 ? text.lowercased().utf8.first : byte))
    }
}
