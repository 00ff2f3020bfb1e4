import Glibc

/// A text as its UTF-8, as one block of memory: what a collection of bytes does one after the other, one call does for all.
extension String {
    /// Lends the bytes for one call. Nearly every string has them; of one that has not they are copied.
    @inlinable
    @inline(__always)
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        if let result = try utf8.withContiguousStorageIfAvailable({ try body(UnsafeRawBufferPointer($0)) }) {
            return result
        }
        return try ContiguousArray(utf8).withUnsafeBytes(body)
    }

    /// The text of these bytes, or nil where they are no UTF-8. Nearly all are ASCII, which eight bytes at a time tell.
    public init?(validUTF8 bytes: UnsafeRawBufferPointer) {
        if bytes.allWords({ $0 & Word.marks == 0 }) {
            self = String(decoding: bytes, as: UTF8.self)
        } else if let text = String(validating: bytes, as: UTF8.self) {
            self = text
        } else {
            return nil
        }
    }

    /// Whether it has these bytes first. Unlike `hasPrefix` it looks at bytes alone: each request's path is compared with
    /// several.
    public func begins(with beginning: String) -> Bool {
        withBytes { bytes in
            beginning.withBytes { expected in
                guard bytes.count >= expected.count else { return false }
                guard let start = bytes.baseAddress, let other = expected.baseAddress else { return expected.isEmpty }
                return memcmp(start, other, expected.count) == 0
            }
        }
    }

    /// One text of several, put together at once: to append them costs an allocation or two and several times as much.
    public init(joining first: String, _ second: String, _ third: String = "", _ fourth: String = "") {
        let length = first.utf8.count + second.utf8.count + third.utf8.count + fourth.utf8.count
        self.init(unsafeUninitializedCapacity: length) { room in
            let target = UnsafeMutableRawBufferPointer(room)
            // No variable that a closure shares: each use of one is checked.
            func write(_ part: String, at start: Int) -> Int {
                part.withBytes { bytes in
                    UnsafeMutableRawBufferPointer(rebasing: target[start..<length]).copyMemory(from: bytes)
                    return start + bytes.count
                }
            }
            return write(fourth, at: write(third, at: write(second, at: write(first, at: 0))))
        }
    }
}
