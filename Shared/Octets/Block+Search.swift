import Glibc

/// Searches by memchr: a collection's own ask for one byte after the other.
extension UnsafeRawBufferPointer {
    /// What stands before the first such byte, and what behind it: all, and nothing, where there is none. Both are parts of
    /// this block, and good for as long as it is.
    public func cut(at byte: UInt8) -> (before: UnsafeRawBufferPointer, behind: UnsafeRawBufferPointer) {
        guard let place = place(of: byte) else { return (self, UnsafeRawBufferPointer(rebasing: self[count...])) }
        return (
            UnsafeRawBufferPointer(rebasing: self[..<place]), UnsafeRawBufferPointer(rebasing: self[(place + 1)...])
        )
    }

    /// Whether `part` stands anywhere in this block.
    public func holds(_ part: UnsafeRawBufferPointer) -> Bool {
        guard let first = part.first else { return true }
        var rest = self
        while rest.count >= part.count, let place = rest.place(of: first), rest.count - place >= part.count {
            let candidate = UnsafeRawBufferPointer(rebasing: rest[place..<place + part.count])
            // Both have `part.count` bytes, which is what memcmp looks at.
            if let start = candidate.baseAddress, let other = part.baseAddress, memcmp(start, other, part.count) == 0 {
                return true
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[(place + 1)...])
        }
        return false
    }

    private func place(of byte: UInt8) -> Int? {
        // memchr looks at no more than `count` bytes, so that what it finds is one of them.
        guard let start = baseAddress, let found = memchr(start, Int32(byte), count) else { return nil }
        return UnsafeRawPointer(found) - start
    }
}
