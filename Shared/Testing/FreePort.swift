import Glibc

/// Loopback ports that nothing listens on.
public enum FreePort {
    /// `count` different ones, as the kernel hands them out.
    public static func take(_ count: Int) throws -> [Int] {
        var sockets: [CInt] = []
        defer { for socket in sockets { close(socket) } }
        return try (0..<count).map { _ in
            let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw ChildProcess.Failure("no socket") }
            sockets.append(descriptor)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                    bind(descriptor, raw, length) == 0 ? getsockname(descriptor, raw, &length) : -1
                }
            }
            guard code == 0 else { throw ChildProcess.Failure("no free port") }
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}
