/// Writes messages of protocol buffers, as far as spans need them (protobuf.dev, "Encoding").
///
/// By hand, because the few messages of a span are less than the generator's library would be.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    /// A field of varint type; 0, the default, is left out.
    mutating func varint(_ field: Int, _ value: UInt64) {
        if value != 0 { required(field, value) }
    }

    /// A field of varint type that is written whatever its value.
    mutating func required(_ field: Int, _ value: UInt64) {
        tag(field, 0)
        append(value)
    }

    /// A field of fixed64 type.
    mutating func fixed64(_ field: Int, _ value: UInt64) {
        tag(field, 1)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A field of fixed32 type.
    mutating func fixed32(_ field: Int, _ value: UInt32) {
        tag(field, 5)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A field of string type.
    mutating func text(_ field: Int, _ text: String) {
        tag(field, 2)
        append(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// A field of bytes type: whole numbers, big endian.
    mutating func identifier(_ field: Int, _ words: UInt64...) {
        tag(field, 2)
        append(UInt64(words.count * 8))
        for word in words { withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) } }
    }

    /// A field that is a message.
    mutating func message(_ field: Int, _ write: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        write(&inner)
        tag(field, 2)
        append(UInt64(inner.bytes.count))
        bytes.append(contentsOf: inner.bytes)
    }

    private mutating func tag(_ field: Int, _ type: Int) { append(UInt64(field << 3 | type)) }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
