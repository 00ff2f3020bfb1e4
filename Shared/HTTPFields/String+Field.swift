import Octets

extension String {
    /// A field's value as a text to be compared or looked up. Beyond ASCII a field may hold whatever it likes (RFC 9110 §5.5),
    /// but nothing that is decided by one does: such a byte is a SUBSTITUTE (U+001A) here, which stands in no name.
    ///
    /// A text of combining marks takes time that grows with the square of its length each time it is compared or hashed,
    /// since Swift compares what is equivalent: 30 KB of them a tenth of a second.
    public init(field value: UnsafeRawBufferPointer) {
        if value.allWords({ $0 & Word.marks == 0 }) {
            self = String(decoding: value, as: UTF8.self)
        } else {
            self = String(decoding: value.lazy.map { $0 < 0x80 ? $0 : 0x1A }, as: UTF8.self)
        }
    }
}
