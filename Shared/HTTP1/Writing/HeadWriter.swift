/// Writes a head into memory that is known to have room for it.
///
/// Unsafe as every answer passes here; it is safe as the caller has reserved room for all that the fields and the line
/// can take, and in debug builds the buffer checks each index.
struct HeadWriter {
    private let bytes: UnsafeMutableRawBufferPointer
    /// How many bytes were written.
    private(set) var count = 0

    init(_ bytes: UnsafeMutableRawBufferPointer) {
        self.bytes = bytes
    }

    @inline(__always)
    mutating func write(byte: UInt8) {
        bytes[count] = byte
        count &+= 1
    }

    @inline(__always)
    mutating func write(_ text: StaticString) {
        write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    mutating func write(_ more: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: bytes[count..<count &+ more.count]).copyMemory(from: more)
        count &+= more.count
    }

    mutating func writeLineEnd() {
        write(byte: ByteClass.carriageReturn)
        write(byte: ByteClass.lineFeed)
    }

    /// Three decimal digits.
    mutating func write(number: Int) {
        for unit in [100, 10, 1] { write(byte: UInt8(ascii: "0") &+ UInt8(number / unit % 10)) }
    }

    /// The lowest four bits as a hexadecimal digit.
    mutating func write(hexadecimal digit: Int) {
        let digit = UInt8(truncatingIfNeeded: digit & 15)
        write(byte: digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "A") &- 10 &+ digit)
    }

    /// The byte in the form `%XX` (RFC 3986 §2.1).
    mutating func write(escaped byte: UInt8) {
        write(byte: UInt8(ascii: "%"))
        write(hexadecimal: Int(byte >> 4))
        write(hexadecimal: Int(byte))
    }

    /// A field's line, unless it is a pseudo-field or its name no token.
    @inline(__always)
    mutating func write(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        guard let token = Bytes(name), token.isSurelyToken || token.isToken else { return }
        write(name)
        write(byte: UInt8(ascii: ":"))
        write(byte: ByteClass.space)
        let start = count
        write(value)
        if let text = Bytes(value), !text.isSurelyText { blank(start..<count) }
        writeLineEnd()
    }

    private mutating func blank(_ range: Range<Int>) {
        for index in range where !ByteClass.isText(bytes[index]) { bytes[index] = ByteClass.space }
    }
}
