import FoundationEssentials

/// A message on the channel: ids of rows between commas, each maybe followed by an element that begins with `=` and tells
/// what the row says.
///
/// Processes of earlier versions pass over what is no number, and read the row.
struct EventHint {
    /// What is cut off is read past the cursor.
    private static let longest = (bytes: 200_000, elements: 10_000)
    /// So many ended sessions are taken from one message, since they are handled at once; the rows of others are read.
    private static let mostEnded = 64
    private static let comma = UInt8(ascii: ",")
    private static let mark = UInt8(ascii: "=")

    /// The rows to read.
    private(set) var ids: [Int64] = []
    /// What needs no reading.
    private(set) var ended: [Event] = []
    /// How many elements told nothing that could be verified.
    private(set) var refused = 0

    /// Reads a message.
    init(_ message: [UInt8], _ codec: EndedSessionCodec, now: Date = Date()) {
        /// Whether the element before was an id.
        var isNamed = false
        for element in message.prefix(Self.longest.bytes).split(separator: Self.comma).prefix(Self.longest.elements) {
            if element.first == Self.mark {
                guard isNamed, let id = ids.last else {
                    refused += 1
                    continue
                }
                isNamed = false
                guard ended.count + refused < Self.mostEnded else { continue }
                if let event = codec.parse(element.dropFirst(), event: id, now: now) {
                    ids.removeLast()
                    ended.append(event)
                } else {
                    refused += 1
                }
            } else if let id = Int64(String(decoding: element, as: UTF8.self)) {
                ids.append(id)
                isNamed = true
            } else {
                isNamed = false
            }
        }
    }

    /// The message that names rows.
    static func naming(_ ids: [Int64]) -> [UInt8] { Array(ids.map(String.init).joined(separator: ",").utf8) }

    /// The message that one session ended.
    static func telling(
        _ session: UUID, of tenant: UUID, event id: Int64, _ codec: EndedSessionCodec, now: Date = Date()
    ) -> [UInt8] {
        var message = naming([id]) + [comma, mark]
        codec.append(session, of: tenant, event: id, now: now, to: &message)
        return message
    }
}
