import FoundationEssentials

/// A statement with its parameters already in the form libpq sends, made on the caller's thread.
struct EncodedStep: Sendable {
    let definition: PostgresStatement.Definition
    /// All values, one after another, and one more byte so that even an empty value has an address.
    let bytes: [UInt8]
    /// Length of each value; negative for null.
    let lengths: [Int32]

    init(_ statement: PostgresStatement, _ parameters: [PostgresValue]) throws(PostgresError) {
        definition = statement.definition
        let declared = definition.parameters
        guard !declared.isEmpty || !parameters.isEmpty else {
            bytes = []
            lengths = []
            return
        }
        guard parameters.count == declared.count else {
            let index = min(parameters.count, declared.count)
            let expected = index < declared.count ? declared[index] : nil
            throw .invalidParameter(statement: statement.name, index: index, expected: expected)
        }
        var buffer: [UInt8] = []
        buffer.reserveCapacity(declared.count * 20 + 1)
        var lengths: [Int32] = []
        lengths.reserveCapacity(declared.count)
        for index in declared.indices {
            let value = parameters[index]
            guard let type = value.type else {
                lengths.append(-1)
                continue
            }
            let start = buffer.count
            guard type == declared[index], buffer.append(value), let length = Int32(exactly: buffer.count - start)
            else {
                throw .invalidParameter(statement: statement.name, index: index, expected: declared[index])
            }
            lengths.append(length)
        }
        buffer.append(0)
        bytes = buffer
        self.lengths = lengths
    }

    /// A step whose values are encoded already.
    init(definition: PostgresStatement.Definition, bytes: [UInt8], lengths: [Int32]) {
        self.definition = definition
        self.bytes = bytes
        self.lengths = lengths
    }

    static func all(_ steps: [PostgresStep]) throws(PostgresError) -> [EncodedStep] {
        var encoded: [EncodedStep] = []
        encoded.reserveCapacity(steps.count)
        for step in steps { encoded.append(try EncodedStep(step.statement, step.parameters)) }
        return encoded
    }
}

extension [UInt8] {
    /// Appends a value's binary form, or for `inet` its text form with the terminator libpq expects.
    /// False where the value has no such form.
    fileprivate mutating func append(_ value: PostgresValue) -> Bool {
        switch value {
        case .null: return true
        case .bool(let value): append(value ? 1 : 0)
        case .int2(let value): append(bigEndian: value)
        case .int4(let value): append(bigEndian: value)
        case .int8(let value): append(bigEndian: value)
        case .float8(let value): append(bigEndian: value.bitPattern)
        case .text(let value): append(contentsOf: value.utf8)
        case .uuid(let value): append(value)
        case .timestamptz(let value): return append(value)
        case .bytea(let value): append(contentsOf: value)
        case .jsonb(let value):
            append(1)
            append(contentsOf: value.utf8)
        case .inet(let value):
            // libpq measures text parameters itself: a NUL inside would cut the value silently.
            guard !value.utf8.contains(0) else { return false }
            append(contentsOf: value.utf8)
            append(0)
        case .textArray(let values): return append(array: values, of: .text) { $0.append(contentsOf: $1.utf8) }
        case .uuidArray(let values): return append(array: values, of: .uuid) { $0.append($1) }
        case .int8Array(let values): return append(array: values, of: .int8) { $0.append(bigEndian: $1) }
        case .int4Array(let values): return append(array: values, of: .int4) { $0.append(bigEndian: $1) }
        case .boolArray(let values): return append(array: values, of: .bool) { $0.append($1 ? 1 : 0) }
        case .timestamptzArray(let values):
            var isRepresentable = true
            let isComplete = append(array: values, of: .timestamptz) {
                isRepresentable = $0.append($1) && isRepresentable
            }
            return isComplete && isRepresentable
        }
        return true
    }

    private mutating func append<T: FixedWidthInteger>(bigEndian value: T) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    private mutating func append(_ value: UUID) {
        Swift.withUnsafeBytes(of: value.uuid) { append(contentsOf: $0) }
    }

    /// Microseconds since 2000; false for what the server's range cannot hold.
    private mutating func append(_ value: Date) -> Bool {
        let seconds = value.timeIntervalSinceReferenceDate + Date.secondsFromServerEpoch
        guard let microseconds = Int64(exactly: (seconds * 1_000_000).rounded()) else { return false }
        append(bigEndian: microseconds)
        return true
    }

    /// Dimensions, null flag, element type, then for the one dimension size and lower bound, then the elements.
    private mutating func append<Value>(
        array values: [Value], of type: PostgresType, _ appendElement: (inout [UInt8], Value) -> Void
    ) -> Bool {
        append(bigEndian: Int32(values.isEmpty ? 0 : 1))
        append(bigEndian: Int32(0))
        append(bigEndian: type.oid)
        guard !values.isEmpty else { return true }
        guard let size = Int32(exactly: values.count) else { return false }
        append(bigEndian: size)
        append(bigEndian: Int32(1))
        for value in values {
            let lengthAt = count
            append(bigEndian: Int32(0))
            appendElement(&self, value)
            guard let length = Int32(exactly: count - lengthAt - 4) else { return false }
            Swift.withUnsafeBytes(of: length.bigEndian) { replaceSubrange(lengthAt..<lengthAt + 4, with: $0) }
        }
        return true
    }
}
