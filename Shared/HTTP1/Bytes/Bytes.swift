import Octets

/// The bytes a message is read from, borrowed from a buffer for one call.
///
/// Unsafe because every byte the gateway reads passes here, and bounds checks would double the cost. It is safe as each
/// loop compares its index with `count` before it reads, as debug builds check that, and as no pointer outlives the call
/// that borrowed it.
struct Bytes {
    private let start: UnsafePointer<UInt8>
    let count: Int

    @inline(__always)
    private init(_ start: UnsafePointer<UInt8>, _ count: Int) {
        self.start = start
        self.count = count
    }

    /// Nil when there are no bytes.
    @inline(__always)
    init?(_ raw: UnsafeRawBufferPointer) {
        guard let start = raw.baseAddress, !raw.isEmpty else { return nil }
        self.init(start.assumingMemoryBound(to: UInt8.self), raw.count)
    }

    var isEmpty: Bool { count == 0 }

    var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    var text: String { String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self) }

    @inline(__always)
    subscript(index: Int) -> UInt8 {
        assert(index >= 0 && index < count)
        return start[index]
    }

    /// A part of them.
    @inline(__always)
    subscript(range: Range<Int>) -> Bytes {
        assert(range.lowerBound >= 0 && range.upperBound <= count)
        return Bytes(start + range.lowerBound, range.count)
    }

    /// At most that many from the first on.
    @inline(__always)
    func prefix(_ limit: Int) -> Bytes { Bytes(start, min(count, limit)) }

    /// The eight bytes from an index on, the first as the lowest; nil when there are less.
    @inline(__always)
    func word(at index: Int) -> UInt64? {
        assert(index >= 0)
        guard index &+ 8 <= count else { return nil }
        return UInt64(littleEndian: UnsafeRawPointer(start + index).loadUnaligned(as: UInt64.self))
    }

    /// Where the text that begins at `start` is over: at the first control character but a tab, or at the end.
    ///
    /// Eight bytes at a time, of whose marks the lowest is always true.
    @inline(__always)
    func endOfText(from first: Int) -> Int {
        var index = first
        while let word = word(at: index) {
            let found = Word.below(0x20, in: word) | Word.below(1, in: word ^ Word.of(0x7f))
            guard found != 0 else {
                index &+= 8
                continue
            }
            index &+= found.trailingZeroBitCount &>> 3
            guard self[index] == ByteClass.tab else { return index }
            index &+= 1
        }
        while index < count, ByteClass.isText(self[index]) { index &+= 1 }
        return index
    }
}
