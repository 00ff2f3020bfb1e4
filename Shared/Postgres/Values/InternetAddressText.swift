import Glibc

/// Reads the binary form of `inet` and `cidr`: family, prefix length, kind, address length, address.
enum InternetAddressText {
    static func decode(_ bytes: UnsafeRawBufferPointer, isNetwork: Bool) throws(PostgresCell.Mismatch) -> String {
        let length = Int(try bytes.integer(at: 3, as: UInt8.self))
        let address = try bytes.part(at: 4, count: length)
        let prefix = Int(try bytes.integer(at: 1, as: UInt8.self))
        let family: Int32
        switch length {
        case 4: family = AF_INET
        case 16: family = AF_INET6
        default: throw PostgresCell.Mismatch(reason: "an address of \(length) bytes")
        }
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer -> String? in
            inet_ntop(family, address.baseAddress, buffer.baseAddress, socklen_t(buffer.count)).map {
                String(cString: $0)
            }
        }
        guard let text else { throw PostgresCell.Mismatch(reason: "not an address") }
        return isNetwork || prefix != length * 8 ? "\(text)/\(prefix)" : text
    }
}
