import FoundationEssentials

extension EncodedStep {
    /// The key of the row it is about: its first value, where that is a `uuid`.
    var key: UUID? {
        guard definition.parameters.first == .uuid, lengths[0] == 16 else { return nil }
        return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }

    /// The step about the rows of all `steps`, which are of one statement. Their values are in binary form already, as an
    /// array has them: nothing is encoded again.
    init(gathering steps: [EncodedStep], as many: PostgresStatement) {
        let elements = steps.first?.definition.oids ?? []
        var buffer: [UInt8] = []
        buffer.reserveCapacity(steps.reduce(1) { $0 + $1.bytes.count + 4 * $1.lengths.count } + 20 * elements.count)
        var lengths: [Int32] = []
        lengths.reserveCapacity(elements.count)
        var offsets = Array(repeating: 0, count: steps.count)
        for (column, element) in elements.enumerated() {
            let start = buffer.count
            let hasNull = steps.contains { $0.lengths[column] < 0 }
            // Dimensions, null flag, element type, then for the one dimension size and lower bound.
            for word in [1, hasNull ? 1 : 0, Int32(bitPattern: element), Int32(steps.count), 1] {
                buffer.append(word: word)
            }
            for (index, step) in steps.enumerated() {
                let length = step.lengths[column]
                buffer.append(word: length)
                guard length > 0 else { continue }
                let end = offsets[index] + Int(length)
                buffer.append(contentsOf: step.bytes[offsets[index]..<end])
                offsets[index] = end
            }
            lengths.append(Int32(buffer.count - start))
        }
        buffer.append(0)
        self.init(definition: many.definition, bytes: buffer, lengths: lengths)
    }
}

extension [UInt8] {
    fileprivate mutating func append(word: Int32) {
        Swift.withUnsafeBytes(of: word.bigEndian) { append(contentsOf: $0) }
    }
}
