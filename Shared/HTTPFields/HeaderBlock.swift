public import Glibc

/// The fields of one message in order, pseudo-fields first, names in lower case.
///
/// All bytes stand in one store: a block costs two allocations however many fields it has.
public struct HeaderBlock: Sendable, Equatable {
    package struct Field: Sendable, Equatable {
        package var start: UInt32
        package var nameLength: UInt16
        package var valueLength: UInt32
        /// Kept out of the compression tables: it is secret, or never comes twice.
        package var isUnindexed: Bool
    }

    package internal(set) var bytes: [UInt8] = []
    package internal(set) var fields: [Field] = []

    /// An empty block with room for a typical message.
    public init() {
        bytes.reserveCapacity(512)
        fields.reserveCapacity(16)
    }

    /// The number of fields.
    public var count: Int { fields.count }

    /// The size as HTTP/2 counts it: 32 bytes more than the octets of each field (RFC 9113 §10.5.1).
    public var listSize: Int { bytes.count + 32 * fields.count }

    /// Adds a field.
    /// - Parameter unindexed: True for a value that is secret or never comes twice, so that it neither stays in the
    ///   compression tables nor drives out what does repeat.
    public mutating func append(_ name: StaticString, _ value: String, unindexed: Bool = false) {
        let start = bytes.count
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(contentsOf: value.utf8)
        note(start, name.utf8CodeUnitCount, unindexed)
    }

    /// Adds a field whose value comes in two parts.
    public mutating func append(_ name: StaticString, _ value: String, _ rest: String) {
        let start = bytes.count
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(contentsOf: value.utf8)
        bytes.append(contentsOf: rest.utf8)
        note(start, name.utf8CodeUnitCount, false)
    }

    /// Adds a field of constants.
    public mutating func append(_ name: StaticString, _ value: StaticString) {
        let start = bytes.count
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(contentsOf: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
        note(start, name.utf8CodeUnitCount, false)
    }

    /// Adds a field whose name is in lower case already.
    public mutating func append(_ name: String, _ value: String, unindexed: Bool = false) {
        let start = bytes.count
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: value.utf8)
        note(start, name.utf8.count, unindexed)
    }

    /// Adds a field from raw bytes.
    public mutating func append(
        name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, unindexed: Bool = false
    ) {
        let start = bytes.count
        bytes.append(contentsOf: name)
        bytes.append(contentsOf: value)
        note(start, name.count, unindexed)
    }

    /// Adds all fields of another block.
    public mutating func append(contentsOf other: HeaderBlock) {
        // As for a single field: what is beyond every limit is dropped whole.
        guard let shift = UInt32(exactly: bytes.count), UInt32(exactly: bytes.count + other.bytes.count) != nil else {
            return
        }
        bytes.append(contentsOf: other.bytes)
        fields.reserveCapacity(fields.count + other.fields.count)
        for var field in other.fields {
            field.start += shift
            fields.append(field)
        }
    }

    /// Removes every field.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
    }

    private mutating func note(_ start: Int, _ nameLength: Int, _ unindexed: Bool) {
        // A name or block too long for these is far beyond every limit and dropped whole.
        guard let length = UInt16(exactly: nameLength), let position = UInt32(exactly: start) else {
            bytes.removeSubrange(start...)
            return
        }
        let valueLength = UInt32(truncatingIfNeeded: bytes.count - start - nameLength)
        fields.append(
            Field(start: position, nameLength: length, valueLength: valueLength, isUnindexed: unindexed))
    }

    /// Calls `body` with each field. The pointers end with the call.
    public func forEach(
        _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        try bytes.withUnsafeBytes { store in
            for field in fields {
                let (name, value) = Self.ranges(field)
                try body(UnsafeRawBufferPointer(rebasing: store[name]), UnsafeRawBufferPointer(rebasing: store[value]))
            }
        }
    }

    /// Calls `body` with the first value of that name, when there is one.
    public func withValue<R>(
        of name: StaticString, _ body: (UnsafeRawBufferPointer) throws -> R
    ) rethrows -> R? {
        guard let field = first(name) else { return nil }
        let (_, value) = Self.ranges(field)
        return try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[value])) }
    }

    /// Whether there is a field of that name.
    public func contains(_ name: StaticString) -> Bool { first(name) != nil }

    private func first(_ name: StaticString) -> Field? {
        let length = name.utf8CodeUnitCount
        return bytes.withUnsafeBytes { store in
            guard let base = store.baseAddress else { return nil }
            for field in fields where Int(field.nameLength) == length {
                // A field's name lies within the store; both sides have `length` bytes.
                if memcmp(base + Int(field.start), name.utf8Start, length) == 0 { return field }
            }
            return nil
        }
    }

    /// The first value of that name.
    public func value(of name: StaticString) -> String? {
        withValue(of: name) { String(decoding: $0, as: UTF8.self) }
    }

    /// All values of that name, in order.
    public func values(of name: StaticString) -> [String] {
        var values: [String] = []
        forEach { field, value in
            if field.equals(name) { values.append(String(decoding: value, as: UTF8.self)) }
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

    private static func ranges(_ field: Field) -> (name: Range<Int>, value: Range<Int>) {
        let start = Int(field.start)
        let middle = start + Int(field.nameLength)
        return (start..<middle, middle..<(middle + Int(field.valueLength)))
    }
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
