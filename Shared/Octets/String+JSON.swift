extension String {
    /// Whether its UTF-8 stands in a string of JSON as it is (RFC 8259 section 7): no control character, quote or backslash.
    public var isPlainInJSON: Bool {
        withBytes { bytes in
            bytes.allWords { word in
                !Word.anyBelow(0x20, in: word) && !Word.any(UInt8(ascii: "\""), in: word)
                    && !Word.any(UInt8(ascii: "\\"), in: word)
            }
        }
    }
}
