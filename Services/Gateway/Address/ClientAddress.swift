import HTTPFields
import Kit

/// Judges which address a request comes from. What a field says counts only as far as proxies wrote it that the operator
/// named: the right-most address that is none of theirs.
struct ClientAddress: Sendable {
    /// The field that the operator's proxies write. Only one is believed: a proxy that writes one passes the other on as
    /// the caller sent it.
    enum Source: String, Sendable, CaseIterable {
        /// `X-Forwarded-For`.
        case xForwardedFor = "x-forwarded-for"
        /// `Forwarded` (RFC 7239).
        case forwarded
    }

    let proxies: [AddressBlock]
    let source: Source

    /// The address, or the peer's own when no proxy can be believed. Nil for a peer that has none, such as a socket file.
    func judge(peer: Address?, _ fields: HeaderBlock) -> Address? {
        guard let peer else { return nil }
        guard isTrusted(peer) else { return peer }
        var nearest = peer
        for hop in hops(fields).reversed() {
            // A hop that can't be read was written by somebody who is not to be believed, as is all before it.
            guard let address = Self.address(hop) else { return nearest }
            nearest = address
            guard isTrusted(address) else { return address }
        }
        return nearest
    }

    /// Whether a peer is one of the operator's proxies.
    func isProxy(_ peer: Address?) -> Bool { peer.map(isTrusted) ?? false }

    private func isTrusted(_ address: Address) -> Bool { proxies.contains { $0.contains(address) } }

    /// What the field says, the farthest first.
    private func hops(_ fields: HeaderBlock) -> [Substring] {
        let values =
            switch source {
            case .xForwardedFor: fields.values(of: "x-forwarded-for")
            case .forwarded: fields.values(of: "forwarded")
            }
        let elements = values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        guard source == .forwarded else { return elements }
        return elements.map { element in
            let pairs = element.split(separator: ";").map { $0.drop { $0 == " " } }
            let pair = pairs.first { $0.prefix(4).lowercased() == "for=" }
            return pair?.dropFirst(4) ?? ""
        }
    }

    /// The address of a hop, without quotes, brackets and port.
    private static func address(_ hop: Substring) -> Address? {
        var text = hop.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        if text.first == "\"", text.last == "\"", text.count >= 2 { text = text.dropFirst().dropLast() }
        if text.first == "[" {
            let inside = text.dropFirst().prefix { $0 != "]" }
            let rest = text.dropFirst(inside.count + 1)
            guard rest.first == "]", rest.count == 1 || rest.dropFirst().first == ":" else { return nil }
            return Address(inside)
        }
        // One colon is a port; more are IPv6.
        let colons = text.filter { $0 == ":" }.count
        return Address(colons == 1 ? text.prefix { $0 != ":" } : text)
    }
}

extension SettingParser where Value == AddressBlock {
    /// A block of addresses, but not all of them.
    static let addressBlock = SettingParser.matching(
        "a block of addresses such as 10.0.0.0/8 or 2001:db8::/32, without bits beyond its length, and not every address"
    ) { AddressBlock($0) }
}
