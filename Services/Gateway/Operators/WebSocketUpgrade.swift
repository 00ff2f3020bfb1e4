import HTTPFields
import Octets

/// A request to go on as a WebSocket (RFC 6455 §4.1).
struct WebSocketUpgrade {
    /// The name under which a page offers its access token as a subprotocol, followed by the token: a page can't set
    /// `Authorization` here.
    private static let bearer = "bearer"

    /// The token that was offered so.
    let token: String?
    /// The subprotocols that go on.
    private let protocols: [String]

    /// Nil when the head asks for no such thing.
    init?(_ head: PublicHead) {
        let fields = head.fields
        guard head.upgrades, head.method == "GET", fields.value(of: "upgrade")?.lowercased() == "websocket",
            fields.occurrences(of: "sec-websocket-key") == 1, !fields.contains("content-length"),
            !fields.contains("transfer-encoding")
        else { return nil }
        let offered = fields.values(of: "sec-websocket-protocol").flatMap { $0.words(between: ",").prefix(64) }
            .map(\.withoutBlanks)
        if offered.count >= 2, offered[0] == Self.bearer {
            token = offered[1]
            protocols = Array(offered.dropFirst(2))
        } else {
            token = nil
            protocols = offered
        }
    }

    /// Adds what asks the upstream for it.
    func ask(_ fields: inout HeaderBlock) {
        fields.append("connection", "upgrade")
        fields.append("upgrade", "websocket")
        if !protocols.isEmpty { fields.append("sec-websocket-protocol", protocols.joined(separator: ", ")) }
    }

    /// Adds what tells the caller that he has it.
    /// - Parameter upstream: What the upstream's answer says.
    func answer(_ fields: inout HeaderBlock, _ upstream: HeaderBlock) {
        fields.append("connection", "upgrade")
        fields.append("upgrade", "websocket")
        // A page closes a WebSocket that speaks none of the subprotocols it has offered.
        if token != nil, !upstream.contains("sec-websocket-protocol") {
            fields.append("sec-websocket-protocol", Self.bearer)
        }
    }
}
