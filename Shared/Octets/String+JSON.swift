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

extension [UInt8] {
    /// Adds a text as a string of JSON, with what has to be escaped (RFC 8259 §7).
    ///
    /// Safe as there is room for both quotes and all that is copied between them.
    public mutating func append(quoting text: String) {
        guard text.isPlainInJSON else { return append(escaping: text) }
        text.withBytes { bytes in
            append(addingCapacity: bytes.count + 2) { span in
                span.withUnsafeMutableBufferPointer { room, written in
                    let target = UnsafeMutableRawBufferPointer(room)
                    target[0] = UInt8(ascii: "\"")
                    UnsafeMutableRawBufferPointer(rebasing: target[1...]).copyMemory(from: bytes)
                    target[bytes.count + 1] = UInt8(ascii: "\"")
                    written = bytes.count + 2
                }
            }
        }
    }

    private mutating func append(escaping text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0x0A: append(contentsOf: "\\n".utf8)
            case 0x0D: append(contentsOf: "\\r".utf8)
            case 0x09: append(contentsOf: "\\t".utf8)
            case ..<0x20:
                let digits = String(byte, radix: 16)
                append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
