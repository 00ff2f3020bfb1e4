public import FoundationEssentials

/// A type that can be read from a column. Conform your own by decoding through one of the types here.
public protocol PostgresDecodable {
    /// Reads the value; throws where type, null or length do not fit.
    static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Self
}

extension Bool: PostgresDecodable {
    /// Reads a `bool`.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Bool {
        try cell.bytes(ofTypes: 16).integer(as: UInt8.self) != 0
    }
}

extension Int16: PostgresDecodable {
    /// Reads an `int2`.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Int16 {
        try cell.bytes(ofTypes: 21).integer()
    }
}

extension Int32: PostgresDecodable {
    /// Reads an `int4` or `int2`.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Int32 {
        let bytes = try cell.bytes(ofTypes: 23, 21)
        return cell.oid == 23 ? try bytes.integer() : Int32(try bytes.integer(as: Int16.self))
    }
}

extension Int64: PostgresDecodable {
    /// Reads an `int8`, `int4` or `int2`.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Int64 {
        let bytes = try cell.bytes(ofTypes: 20, 23, 21)
        return switch cell.oid {
        case 20: try bytes.integer()
        case 23: Int64(try bytes.integer(as: Int32.self))
        default: Int64(try bytes.integer(as: Int16.self))
        }
    }
}

extension Int: PostgresDecodable {
    /// Reads an `int8`, `int4` or `int2`.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Int {
        Int(try Int64.decode(cell))
    }
}

extension Double: PostgresDecodable {
    /// Reads a `float8` or `float4`.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Double {
        let bytes = try cell.bytes(ofTypes: 701, 700)
        return cell.oid == 701
            ? Double(bitPattern: try bytes.integer()) : Double(Float(bitPattern: try bytes.integer()))
    }
}

extension String: PostgresDecodable {
    /// Reads text of any kind, enumerations and domains of text included, JSON and network addresses.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> String {
        let bytes = try cell.presentBytes()
        switch cell.oid {
        case 25, 1043, 1042, 19, 705, 114, 18:
            return String(decoding: bytes, as: UTF8.self)
        case 3802:
            guard try bytes.integer(as: UInt8.self) == 1 else {
                throw PostgresCell.Mismatch(reason: "unknown jsonb version")
            }
            return String(decoding: bytes.dropFirst(), as: UTF8.self)
        case 869, 650:
            return try InternetAddressText.decode(bytes, isNetwork: cell.oid == 650)
        case 16384...:
            // Types of this database: enumerations, citext and their like are text in binary form too.
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw PostgresCell.Mismatch(reason: "type \(cell.oid) is not text")
            }
            return text
        default:
            throw PostgresCell.Mismatch(reason: "type \(cell.oid) is not text")
        }
    }
}

extension UUID: PostgresDecodable {
    /// Reads a `uuid`.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> UUID {
        let bytes = try cell.bytes(ofTypes: 2950).part(at: 0, count: 16)
        return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

extension Date: PostgresDecodable {
    /// Seconds from the server's epoch, 2000-01-01 00:00 UTC, to Foundation's, a year later.
    static let secondsFromServerEpoch: TimeInterval = 366 * 86_400

    /// Reads a `timestamptz`; the infinities become `distantFuture` and `distantPast`.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Date {
        switch try cell.bytes(ofTypes: 1184).integer(as: Int64.self) {
        case .max: .distantFuture
        case .min: .distantPast
        case let microseconds:
            Date(timeIntervalSinceReferenceDate: Double(microseconds) / 1_000_000 - secondsFromServerEpoch)
        }
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// Reads null as nil.
    public static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Wrapped? {
        cell.isNull ? nil : try Wrapped.decode(cell)
    }
}
