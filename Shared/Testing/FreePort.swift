import Glibc

/// Loopback ports that nothing listens on.
public enum FreePort {
    /// `count` different ones, as the kernel hands them out.
    /// - Parameter instances: How many instances a process may have: every tenth port after each is free, too.
    public static func take(_ count: Int, instances: Int = 1) throws -> [Int] {
        var sockets: [CInt] = []
        defer { for socket in sockets { close(socket) } }
        var ports: [Int] = []
        for _ in 0..<(100 * count) where ports.count < count {
            let descriptors = try (0..<instances).map { _ in
                let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
                guard descriptor >= 0 else { throw ChildProcess.Failure("no socket") }
                sockets.append(descriptor)
                return descriptor
            }
            guard let port = bind(descriptors[0], to: 0) else { continue }
            let isWhole = descriptors.indices.dropFirst().allSatisfy {
                bind(descriptors[$0], to: port + 10 * $0) != nil
            }
            if isWhole { ports.append(port) }
        }
        guard ports.count == count else { throw ChildProcess.Failure("no free port") }
        return ports
    }

    /// Binds to a port, any one where it is 0; returns the port, or nil where it is taken.
    private static func bind(_ descriptor: CInt, to port: Int) -> Int? {
        guard let wanted = UInt16(exactly: port) else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = wanted.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                Glibc.bind(descriptor, raw, length) == 0 ? getsockname(descriptor, raw, &length) : -1
            }
        }
        return code == 0 ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
}
