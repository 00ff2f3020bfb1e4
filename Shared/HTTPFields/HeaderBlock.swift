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

    package private(set) var bytes: [UInt8] = []
    package private(set) var fields: [Field] = []

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
        let wanted = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return try bytes.withUnsafeBytes { store in
            for field in fields where Int(field.nameLength) == wanted.count {
                let (range, value) = Self.ranges(field)
                if store[range].elementsEqual(wanted) {
                    return try body(UnsafeRawBufferPointer(rebasing: store[value]))
                }
            }
            return nil
        }
    }

    /// The first value of that name.
    public func value(of name: StaticString) -> String? {
        withValue(of: name) { String(decoding: $0, as: UTF8.self) }
    }

    /// How often a field of that name stands in the block.
    public func occurrences(of name: StaticString) -> Int {
        var count = 0
        let wanted = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        forEach { field, _ in if field.elementsEqual(wanted) { count += 1 } }
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
