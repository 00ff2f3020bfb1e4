extension Bytes {
    /// Without the blanks around them.
    var trimmed: Bytes {
        var start = 0
        var end = count
        while start < end, ByteClass.isBlank(self[start]) { start &+= 1 }
        while end > start, ByteClass.isBlank(self[end &- 1]) { end &-= 1 }
        return self[start..<end]
    }

    /// Whether they are all a token's characters.
    @inline(__always)
    var isToken: Bool {
        var index = 0
        while index < count, ByteClass.isToken(self[index]) { index &+= 1 }
        return index == count
    }

    /// Where that byte stands for the first time.
    func firstIndex(of byte: UInt8) -> Int? {
        var index = 0
        while index < count {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }

    /// Whether they are exactly that word.
    func equals(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        var index = 0
        while index < count {
            guard self[index] == word.utf8Start[index] else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether they are that word, whatever the case of their letters.
    /// - Parameter word: In lower case.
    func matches(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        var index = 0
        while index < count {
            guard ByteClass.lowercased(self[index]) == word.utf8Start[index] else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether they are those bytes, whatever the case of the letters of both.
    func matches(_ other: Bytes) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            guard ByteClass.lowercased(self[index]) == ByteClass.lowercased(other[index]) else { return false }
            index &+= 1
        }
        return true
    }

    /// Calls `body` with each element of a list (RFC 9110 §5.6.1); empty ones don't count.
    @inline(__always)
    func forEachElement(_ body: (Bytes) -> Void) {
        var start = 0
        while start < count {
            var end = start
            while end < count, self[end] != UInt8(ascii: ",") { end &+= 1 }
            let element = self[start..<end].trimmed
            if !element.isEmpty { body(element) }
            start = end &+ 1
        }
    }
}
