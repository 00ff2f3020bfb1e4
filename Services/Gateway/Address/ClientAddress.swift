import HTTPFields
import Kit
import Octets

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
        for value in values(of: fields).reversed() {
            // From the right, and no farther than proxies are believed: what stands before is as long as a caller likes.
            var rest: Substring? = value[...]
            while let text = rest {
                let comma = text.utf8.lastIndex(of: UInt8(ascii: ","))
                rest = comma.map { text[..<$0] }
                let hop = comma.map { text[text.utf8.index(after: $0)...] } ?? text
                // A hop that can't be read was written by somebody who is not to be believed, as is all before it.
                guard let address = address(hop) else { return nearest }
                nearest = address
                guard isTrusted(address) else { return address }
            }
        }
        return nearest
    }

    /// Whether a peer is one of the operator's proxies.
    func isProxy(_ peer: Address?) -> Bool { peer.map(isTrusted) ?? false }

    private func isTrusted(_ address: Address) -> Bool { proxies.contains { $0.contains(address) } }

    private func values(of fields: HeaderBlock) -> [String] {
        switch source {
        case .xForwardedFor: fields.values(of: "x-forwarded-for")
        case .forwarded: fields.values(of: "forwarded")
        }
    }

    /// The longest hop that is read.
    private static let longest = 512

    /// The address of a hop, without quotes, brackets and port.
    private func address(_ hop: Substring) -> Address? {
        guard hop.utf8.count <= Self.longest else { return nil }
        var text = Self.trimmed(source == .forwarded ? Self.forwardedFor(hop) : hop.utf8)
        let quote = UInt8(ascii: "\"")
        if text.count >= 2, text.first == quote, text.last == quote { text = text.dropFirst().dropLast() }
        if text.first == UInt8(ascii: "[") {
            let inside = text.dropFirst().prefix { $0 != UInt8(ascii: "]") }
            let port = text[inside.endIndex...].dropFirst()
            guard inside.endIndex < text.endIndex, port.isEmpty || port.first == UInt8(ascii: ":") else { return nil }
            return Address(Substring(inside))
        }
        // One colon is a port; more are IPv6.
        let colon = UInt8(ascii: ":")
        let colons = text.count { $0 == colon }
        return Address(Substring(colons == 1 ? text.prefix { $0 != colon } : text))
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }

    /// What an element of `Forwarded` says of whom it is for.
    private static func forwardedFor(_ element: Substring) -> Substring.UTF8View {
        for pair in element.words(between: ";") {
            let pair = pair.utf8.drop { $0 == UInt8(ascii: " ") }
            if Substring(pair.prefix(4)).lowercased() == "for=" { return pair.dropFirst(4) }
        }
        return Substring().utf8
    }
}

extension SettingParser where Value == AddressBlock {
    /// A block of addresses, but not all of them.
    static let addressBlock = SettingParser.matching(
        "a block of addresses such as 10.0.0.0/8 or 2001:db8::/32, without bits beyond its length, and not every address"
    ) { AddressBlock($0) }
}
