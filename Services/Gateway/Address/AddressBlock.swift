import Glibc

/// An IP address as the bytes it stands for: 4 or 16 of them. IPv4 that IPv6 carries (`::ffff:192.0.2.1`) is IPv4.
struct Address: Hashable, Sendable {
    let bytes: [UInt8]
    /// The address as it is written.
    let text: String

    /// Reads an address without a port or brackets; nil for anything else.
    init?(_ text: some StringProtocol) {
        // A zone names a link of some machine, and is no part of an address.
        guard text.utf8.count <= 45, !text.utf8.contains(UInt8(ascii: "%")) else { return nil }
        var four = [UInt8](repeating: 0, count: 4)
        var sixteen = [UInt8](repeating: 0, count: 16)
        let text = String(text)
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(bytes: four)
        } else if inet_pton(AF_INET6, text, &sixteen) == 1 {
            let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
            self.init(bytes: Array(sixteen.starts(with: mapped) ? sixteen.suffix(4) : sixteen[...]))
        } else {
            return nil
        }
    }

    /// What limits count by: the whole of IPv4, the /64 of IPv6, which is what one customer of a provider has.
    var prefix: String {
        guard bytes.count == 16 else { return text }
        var network = self.bytes
        for index in 8..<16 { network[index] = 0 }
        return Address(bytes: network).text + "/64"
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count))
        text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A block of addresses: `192.0.2.0/24`, `2001:db8::/32`, or a single one.
struct AddressBlock: Hashable, Sendable {
    private let network: [UInt8]
    private let length: Int

    /// Reads a block. Nil when it is none, has bits beyond its length, or holds every address there is: whoever trusts
    /// everybody trusts the caller.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = Address(first) else { return nil }
        let whole = address.bytes.count * 8
        let length = parts.count == 2 ? Int(parts[1]) ?? -1 : whole
        guard (1...whole).contains(length), parts.count < 2 || parts[1].allSatisfy(\.isNumber) else { return nil }
        network = address.bytes
        self.length = length
        guard (length..<whole).allSatisfy({ !Self.bit($0, of: network) }) else { return nil }
    }

    /// Whether an address lies in it.
    func contains(_ address: Address) -> Bool {
        guard address.bytes.count == network.count else { return false }
        let whole = length / 8
        guard address.bytes.prefix(whole).elementsEqual(network.prefix(whole)) else { return false }
        return (whole * 8..<length).allSatisfy { Self.bit($0, of: address.bytes) == Self.bit($0, of: network) }
    }

    private static func bit(_ index: Int, of bytes: [UInt8]) -> Bool {
        bytes[index / 8] & (0x80 >> UInt8(index % 8)) != 0
    }
}
