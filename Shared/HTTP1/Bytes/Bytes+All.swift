import Octets

/// What is said of all bytes at once.
extension Bytes {
    /// Whether there is surely no control character among them; a tab, which a value may have, is one here.
    @inline(__always)
    var isSurelyText: Bool {
        raw.allWords { !Word.anyBelow(0x20, in: $0) && !Word.any(0x7f, in: $0) }
    }

    /// Whether they are surely a token, as nearly all names of fields are: small letters, digits and dashes.
    @inline(__always)
    var isSurelyToken: Bool {
        !isEmpty
            && raw.allWords { word in
                let letters = Word.from(UInt8(ascii: "a"), to: UInt8(ascii: "z"), in: word)
                let digits = Word.from(UInt8(ascii: "0"), to: UInt8(ascii: "9"), in: word)
                let dashes = Word.equal(to: UInt8(ascii: "-"), in: word)
                return (letters | digits | dashes) & ~word & Word.marks == Word.marks
            }
    }
}
