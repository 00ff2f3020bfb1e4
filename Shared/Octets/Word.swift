/// Eight bytes as one number, of which one instruction can say something of each. What has to be looked at byte by byte in
/// each request costs a fifth so.
///
/// The bytes' order is of no account: only what is true of all of them is asked.
public enum Word {
    /// A byte eight times.
    @inlinable
    @inline(__always)
    public static func of(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// The highest bit of each byte: where the tests below leave their answers. Their other bits mean nothing.
    @inlinable
    @inline(__always)
    public static var marks: UInt64 { of(0x80) }

    /// Marks the bytes from `first` to `last`, of a word whose bytes are all below 0x80, as these two are.
    @inlinable
    @inline(__always)
    public static func from(_ first: UInt8, to last: UInt8, in word: UInt64) -> UInt64 {
        // Sums of seven bits each: none carries into the next.
        (word &+ of(0x80 &- first)) & ~(word &+ of(0x7f &- last))
    }

    /// Marks the bytes that are `byte`, of a word whose bytes are all below 0x80.
    @inlinable
    @inline(__always)
    public static func equal(to byte: UInt8, in word: UInt64) -> UInt64 { ~((word ^ of(byte)) &+ of(0x7f)) }

    /// Marks the bytes that are below `bound`, which is 0x80 at most. The lowest mark is always true; above it others may
    /// be marked wrongly, by a borrow.
    @inlinable
    @inline(__always)
    public static func below(_ bound: UInt8, in word: UInt64) -> UInt64 { (word &- of(bound)) & ~word & marks }

    /// Whether any byte is below `bound`, which is 0x80 at most.
    @inlinable
    @inline(__always)
    public static func anyBelow(_ bound: UInt8, in word: UInt64) -> Bool { below(bound, in: word) != 0 }

    /// Whether any byte is `byte`.
    @inlinable
    @inline(__always)
    public static func any(_ byte: UInt8, in word: UInt64) -> Bool { anyBelow(1, in: word ^ of(byte)) }
}

extension UnsafeRawBufferPointer {
    /// Whether `judge` says so of words that have all of these bytes, some of them several times, and no others; true where
    /// there is no byte.
    ///
    /// No read goes beyond the bytes, as each branch has compared their count with what it reads.
    @inlinable
    @inline(__always)
    public func allWords(_ judge: (UInt64) -> Bool) -> Bool {
        if count >= 8 {
            var offset = 0
            while offset &+ 8 <= count {
                guard judge(loadUnaligned(fromByteOffset: offset, as: UInt64.self)) else { return false }
                offset &+= 8
            }
            return offset == count || judge(loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
        }
        if count >= 4 {
            let last = loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            return judge(UInt64(loadUnaligned(as: UInt32.self)) | UInt64(last) << 32)
        }
        guard count > 0 else { return true }
        let (middle, last) = (UInt64(self[count &>> 1]), UInt64(self[count &- 1]))
        return judge(Word.of(self[0]) & ~0xff_ff00 | middle << 8 | last << 16)
    }
}
