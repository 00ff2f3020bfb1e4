public import FoundationEssentials

/// A type whose arrays can be read from a column.
public protocol PostgresArrayElement: PostgresDecodable {
    /// Reads a whole array value.
    static func decodeArray(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> [Self]
}

extension PostgresArrayElement {
    /// Reads a one-dimensional array. Nulls in it need an optional element type.
    public static func decodeArray(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> [Self] {
        let bytes = try cell.presentBytes()
        // Only arrays are this long and begin so; a wrong type is caught by the element's own check.
        let dimensions: Int32 = try bytes.integer(at: 0)
        let elementType: UInt32 = try bytes.integer(at: 8)
        guard dimensions != 0 else { return [] }
        guard dimensions == 1 else { throw PostgresCell.Mismatch(reason: "\(dimensions) dimensions") }
        let count = Int(try bytes.integer(at: 12, as: Int32.self))
        // Each element takes four bytes at least: a count beyond that is not an array's.
        guard count >= 0, count <= (bytes.count - 20) / 4 else { throw PostgresCell.Mismatch(reason: "not an array") }
        var elements: [Self] = []
        elements.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            let length = Int(try bytes.integer(at: offset, as: Int32.self))
            offset += 4
            if length < 0 {
                elements.append(try decode(PostgresCell(oid: elementType, bytes: nil)))
            } else {
                let part = try bytes.part(at: offset, count: length)
                elements.append(try decode(PostgresCell(oid: elementType, bytes: part)))
                offset += length
            }
        }
        return elements
    }
}

extension Bool: PostgresArrayElement {}
extension Int16: PostgresArrayElement {}
extension Int32: PostgresArrayElement {}
extension Int64: PostgresArrayElement {}
extension Int: PostgresArrayElement {}
extension Double: PostgresArrayElement {}
extension String: PostgresArrayElement {}
extension UUID: PostgresArrayElement {}
extension Date: PostgresArrayElement {}
extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {}

extension UInt8: PostgresArrayElement {
    /// There is no one-byte integer in PostgreSQL: always throws. Exists so that `[UInt8]` can be read from `bytea`.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> UInt8 {
        throw PostgresCell.Mismatch(reason: "no type of one byte")
    }

    /// Reads a `bytea`.
    public static func decodeArray(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> [UInt8] {
        Array(try cell.bytes(ofTypes: 17))
    }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    /// Reads an array, or for bytes a `bytea`.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> [Element] {
        try Element.decodeArray(cell)
    }
}
