public import Crypto
import Domain
import FoundationEssentials
import Tokens

/// Writes and reads the news that one session has ended, which a hint carries so that nobody need read the event's row: in
/// base64url, layout version, tenant, session, the event's id, time and a MAC (HMAC-SHA256, its first 16 bytes).
///
/// Whoever lacks the key can write none; whoever repeats one ends what has ended.
public struct EndedSessionCodec: Sendable {
    private static let layout: UInt8 = 1
    private static let bodyLength = 1 + 16 + 16 + 8 + 8
    private static let textLength = ((bodyLength + MessageCode.length) * 4 + 2) / 3
    /// News of another time is left to the database. It bounds, too, for how long messages that were kept can be repeated.
    private static let tolerance: Double = 600

    /// What its key is derived for.
    public static let purpose = "events"

    private let code: MessageCode

    /// A codec whose key is derived from what all processes share, and which serves no other purpose.
    public init(key: SymmetricKey) {
        code = MessageCode(key: key)
    }

    /// Adds the text for a session that ended just now.
    func append(_ session: UUID, of tenant: UUID, event id: Int64, now: Date = Date(), to text: inout [UInt8]) {
        var bytes: [UInt8] = [Self.layout]
        bytes.reserveCapacity(Self.bodyLength + MessageCode.length)
        withUnsafeBytes(of: tenant.uuid) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: session.uuid) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: id.bigEndian) { bytes.append(contentsOf: $0) }
        let milliseconds = Int64(now.timeIntervalSince1970 * 1000)
        withUnsafeBytes(of: milliseconds.bigEndian) { bytes.append(contentsOf: $0) }
        code.append(to: &bytes)
        Base64URL.append(bytes, to: &text)
    }

    /// The event that a text tells of, or nil where it is none of ours, of another event or of another time.
    func parse(_ text: ArraySlice<UInt8>, event id: Int64, now: Date = Date()) -> Event? {
        guard text.count == Self.textLength, let bytes = Base64URL.decode(text), bytes[0] == Self.layout,
            let body = code.message(in: bytes)
        else { return nil }
        let time = Date(timeIntervalSince1970: Double(Int64(bitPattern: body.integer(at: 41))) / 1000)
        guard Int64(bitPattern: body.integer(at: 33)) == id, abs(time.timeIntervalSince(now)) <= Self.tolerance else {
            return nil
        }
        return Event(
            kind: .sessionRevoked, id: id, tenant: body.uuid(at: 1), subject: body.uuid(at: 17), payload: "{}",
            createdAt: time)
    }
}
