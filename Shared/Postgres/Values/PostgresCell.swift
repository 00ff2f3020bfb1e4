/// One value as the server sent it, lent to a decoder; valid only during the call.
public struct PostgresCell {
    /// The value's type, by its object identifier.
    let oid: UInt32
    /// Binary form; nil for SQL null. Points into the result, which the row keeps alive for the call.
    let bytes: UnsafeRawBufferPointer?

    /// Why a value could not be read as the type asked for.
    public struct Mismatch: Error, Sendable, Equatable {
        /// For a developer's eyes; holds no row contents.
        public let reason: String

        /// A mismatch with the given reason.
        public init(reason: String) {
            self.reason = reason
        }
    }

    /// Whether the value is SQL null.
    public var isNull: Bool { bytes == nil }

    /// The bytes of a value that must not be null and must be of one of the given types.
    func bytes(ofTypes oids: UInt32...) throws(Mismatch) -> UnsafeRawBufferPointer {
        let bytes = try presentBytes()
        guard oids.contains(oid) else { throw Mismatch(reason: "type \(oid) where one of \(oids) was expected") }
        return bytes
    }

    /// The bytes of a value that must not be null.
    func presentBytes() throws(Mismatch) -> UnsafeRawBufferPointer {
        guard let bytes else { throw Mismatch(reason: "null") }
        return bytes
    }
}

extension UnsafeRawBufferPointer {
    /// A big-endian integer at the offset, or a mismatch where the buffer ends before it.
    func integer<T: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int = 0, as type: T.Type = T.self
    ) throws(PostgresCell.Mismatch) -> T {
        guard offset >= 0, offset <= count - MemoryLayout<T>.size else {
            throw PostgresCell.Mismatch(reason: "\(count) bytes are too few")
        }
        return T(bigEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// Part of the buffer, or a mismatch where it ends before the range does.
    func part(at offset: Int, count length: Int) throws(PostgresCell.Mismatch) -> UnsafeRawBufferPointer {
        guard offset >= 0, length >= 0, offset <= count, length <= count - offset else {
            throw PostgresCell.Mismatch(reason: "\(count) bytes are too few")
        }
        return UnsafeRawBufferPointer(rebasing: self[offset..<offset + length])
    }
}
