public import Glibc
import Octets

/// The fields of one message in order, pseudo-fields first, names in lower case.
///
/// All stands in one store, so a block costs one allocation however many fields it has: of each field its lengths, its
/// name, its value.
public struct HeaderBlock: Sendable, Equatable {
    /// What stands before each field's name.
    package struct Lengths {
        package static let size = 8
        /// The bit of `word` that says so; a name is no longer than the 16 bits below it can count.
        private static let unindexed: UInt64 = 1 << 16

        package let word: UInt64

        init?(name: Int, value: Int, isUnindexed: Bool) {
            // A field too long for these is far beyond every limit.
            guard let name = UInt16(exactly: name), let value = UInt32(exactly: value) else { return nil }
            word = UInt64(name) | UInt64(value) << 32 | (isUnindexed ? Self.unindexed : 0)
        }

        /// Reads what stands at `offset`, which is where a field begins.
        init(_ store: UnsafeRawBufferPointer, at offset: Int) {
            word = store.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }

        package var name: Int { Int(truncatingIfNeeded: word & 0xFFFF) }
        package var value: Int { Int(truncatingIfNeeded: word >> 32) }
        /// Kept out of the compression tables: it is secret, or never comes twice.
        package var isUnindexed: Bool { word & Self.unindexed != 0 }
        /// From this field's beginning to the next one's.
        var stride: Int { Self.size + name + value }
    }

    package internal(set) var bytes: [UInt8] = []
    /// The number of fields.
    public internal(set) var count = 0

    /// An empty block with room for a typical message.
    public init() {
        bytes.reserveCapacity(768)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// An empty block without any room, for what is filled later or never.
    public static var empty: HeaderBlock { HeaderBlock(bytes: []) }

    /// The size as HTTP/2 counts it: 32 bytes more than the octets of each field (RFC 9113 §10.5.1).
    public var listSize: Int { bytes.count + (32 - Lengths.size) * count }

    /// Adds a field.
    /// - Parameter unindexed: True for a value that is secret or never comes twice, so that it neither stays in the
    ///   compression tables nor drives out what does repeat.
    public mutating func append(_ name: StaticString, _ value: String, unindexed: Bool = false) {
        value.withBytes { append(name.raw, $0, unindexed) }
    }

    /// Adds a field whose value comes in two parts.
    public mutating func append(_ name: StaticString, _ value: String, _ rest: String) {
        value.withBytes { value in rest.withBytes { append(name.raw, value, false, rest: $0) } }
    }

    /// Adds a field of constants.
    public mutating func append(_ name: StaticString, _ value: StaticString) {
        append(name.raw, value.raw, false)
    }

    /// Adds a field of which only the name is constant.
    public mutating func append(_ name: StaticString, _ value: UnsafeRawBufferPointer, unindexed: Bool = false) {
        append(name.raw, value, unindexed)
    }

    /// Adds a field whose name is in lower case already.
    public mutating func append(_ name: String, _ value: String, unindexed: Bool = false) {
        name.withBytes { name in value.withBytes { append(name, $0, unindexed) } }
    }

    /// Adds a field from raw bytes.
    public mutating func append(
        name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, unindexed: Bool = false
    ) {
        append(name, value, unindexed)
    }

    /// Adds a field at once, or none of it where it is too long.
    ///
    /// Unsafe as every field of every message passes here; safe as there is room for all that is written.
    private mutating func append(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ isUnindexed: Bool,
        rest: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        let length = value.count + rest.count
        guard let lengths = Lengths(name: name.count, value: length, isUnindexed: isUnindexed) else { return }
        bytes.append(addingCapacity: lengths.stride) { span in
            span.withUnsafeMutableBufferPointer { room, written in
                guard let target = UnsafeMutableRawPointer(room.baseAddress) else { return }
                target.storeBytes(of: lengths.word, as: UInt64.self)
                func copy(_ part: UnsafeRawBufferPointer, to offset: Int) {
                    guard let source = part.baseAddress else { return }
                    (target + offset).copyMemory(from: source, byteCount: part.count)
                }
                copy(name, to: Lengths.size)
                copy(value, to: Lengths.size + name.count)
                copy(rest, to: Lengths.size + name.count + value.count)
                written = lengths.stride
            }
        }
        count += 1
    }

    /// Adds all fields of another block.
    public mutating func append(contentsOf other: HeaderBlock) {
        bytes.append(contentsOf: other.bytes)
        count += other.count
    }

    /// Removes every field.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }

    /// Calls `body` with each field. The pointers end with the call.
    public func forEach(
        _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        try bytes.withUnsafeBytes { store in
            try Self.forEachField(in: store) { name, value, _ in try body(name, value) }
        }
    }

    /// The same for a block's `bytes`, with what the compression tables have to know.
    package static func forEachField(
        in store: UnsafeRawBufferPointer,
        _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ isUnindexed: Bool) throws -> Void
    ) rethrows {
        var offset = 0
        while offset < store.count {
            let (lengths, start) = (Lengths(store, at: offset), offset + Lengths.size)
            let middle = start + lengths.name
            offset += lengths.stride
            try body(
                UnsafeRawBufferPointer(rebasing: store[start..<middle]),
                UnsafeRawBufferPointer(rebasing: store[middle..<offset]), lengths.isUnindexed)
        }
    }

    /// Calls `body` with the first value of that name, when there is one.
    public func withValue<R>(
        of name: StaticString, _ body: (UnsafeRawBufferPointer) throws -> R
    ) rethrows -> R? {
        guard let value = range(of: name) else { return nil }
        return try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[value])) }
    }

    /// Whether there is a field of that name.
    public func contains(_ name: StaticString) -> Bool { range(of: name) != nil }

    /// Where the first value of that name stands.
    private func range(of name: StaticString) -> Range<Int>? {
        let length = name.utf8CodeUnitCount
        return bytes.withUnsafeBytes { store in
            guard let base = store.baseAddress else { return nil }
            var offset = 0
            while offset < store.count {
                let (lengths, start) = (Lengths(store, at: offset), offset + Lengths.size)
                offset += lengths.stride
                // A field's name lies within the store; both sides have `length` bytes.
                if lengths.name == length, memcmp(base + start, name.utf8Start, length) == 0 {
                    return start + length..<offset
                }
            }
            return nil
        }
    }

    /// The first value of that name, as ``Swift/String/init(field:)`` has it.
    public func value(of name: StaticString) -> String? {
        withValue(of: name) { String(field: $0) }
    }

    /// All values of that name, in order, as ``Swift/String/init(field:)`` has them.
    public func values(of name: StaticString) -> [String] {
        var values: [String] = []
        forEach { field, value in
            if field.equals(name) { values.append(String(field: value)) }
        }
        return values
    }

    /// How often a field of that name stands in the block.
    public func occurrences(of name: StaticString) -> Int {
        var count = 0
        forEach { field, _ in if field.equals(name) { count += 1 } }
        return count
    }

    /// The response's status.
    public var status: Int? {
        withValue(of: ":status") { digits in
            digits.reduce(0) { $0 * 10 + Int($1) - Int(UInt8(ascii: "0")) }
        }.flatMap { (100...999).contains($0) ? $0 : nil }
    }

    /// The request's method.
    public var method: String? { value(of: ":method") }
    /// The request's path with its query.
    public var path: String? { value(of: ":path") }
    /// The request's authority.
    public var authority: String? { value(of: ":authority") }
}

extension StaticString {
    /// Its bytes, which are there for good.
    fileprivate var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}

extension UnsafeRawBufferPointer {
    /// Whether these are the bytes of a constant.
    @inlinable
    public func equals(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count == length, let baseAddress else { return count == length }
        return memcmp(baseAddress, text.utf8Start, length) == 0
    }

    /// Whether the first of these bytes are a constant's.
    @inlinable
    public func begins(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length, let baseAddress else { return length == 0 }
        return memcmp(baseAddress, text.utf8Start, length) == 0
    }
}
