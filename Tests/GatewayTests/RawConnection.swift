import GatehouseTesting
import Glibc

/// A socket to a loopback port on which a test sends and reads byte by byte as it likes.
final class RawConnection {
    private let descriptor: CInt

    /// - Parameter buffer: Bytes the kernel holds for it in each direction, about; nil for its own choice.
    init(port: Int, buffer: CInt? = nil) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        if var buffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, socklen_t(MemoryLayout<CInt>.size))
            setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &buffer, socklen_t(MemoryLayout<CInt>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw ChildProcess.Failure("nothing listens on port \(port)") }
    }

    deinit { close(descriptor) }

    /// Sends all of it; false when the peer has closed.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) == text.utf8.count }

    /// Sends what the peer takes before `patience` seconds pass without progress; returns how much that was.
    func send(_ bytes: [UInt8], patience: Int = 10) -> Int {
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    /// Ends what is sent; what comes can still be read.
    func endOutput() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// Reads once; nil at the end or when nothing comes for `patience` seconds.
    func read(patience: Int = 10) -> String? { readOnce(patience).map { String(decoding: $0, as: UTF8.self) } }

    /// Reads until the peer closes or is silent for `patience` seconds.
    func readBytes(patience: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while let part = readOnce(patience) { bytes += part }
        return bytes
    }

    private func readOnce(_ patience: Int) -> ArraySlice<UInt8>? {
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? buffer[..<count] : nil
    }

    /// Reads until the peer closes or is silent for `patience` seconds.
    func readAll(patience: Int = 10) -> String {
        var text = ""
        while let part = read(patience: patience) { text += part }
        return text
    }

    /// Reads until the text has come; what was read.
    func read(until end: String, patience: Int = 10) -> String {
        var text = ""
        while !text.contains(end), let part = read(patience: patience) { text += part }
        return text
    }

    /// Whether the peer closes, and has sent nothing more, within so many seconds.
    func isClosed(within patience: Int) -> Bool {
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        return count == 0 || count < 0 && errno == ECONNRESET
    }
}
