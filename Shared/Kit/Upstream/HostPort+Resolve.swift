import Glibc
public import NIOCore

extension HostPort {
    /// Every socket address the name stands for now; none when it can't be resolved. Blocks: call it off the loops.
    public func resolve() -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else { return [] }
        // The list is read only before it is freed.
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let info = entry?.pointee {
            if info.ai_family == AF_INET, let raw = info.ai_addr {
                let address = raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
                if !addresses.contains(address) { addresses.append(address) }
            } else if info.ai_family == AF_INET6, let raw = info.ai_addr {
                let address = raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
                if !addresses.contains(address) { addresses.append(address) }
            }
            entry = info.ai_next
        }
        // A name such as localhost stands for one host by two protocols; counting it twice would halve its share.
        let fourth = addresses.filter { if case .v4 = $0 { true } else { false } }
        return fourth.isEmpty ? addresses : fourth
    }
}
