import FoundationEssentials
import GatehouseTesting
import Glibc

/// An operator's service: answers each request with its head as it came, and takes WebSockets, on which it says
/// `hello` and then nothing. Ends with the test process.
final class EchoOrigin: Sendable {
    let port: Int
    /// WebSockets that were taken.
    let taken = Flag()

    init() throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 ? getsockname(listener, $0, &length) : -1
            }
        }
        guard code == 0 else { throw ChildProcess.Failure("no port for an origin") }
        port = Int(UInt16(bigEndian: address.sin_port))
        let taken = taken
        Self.onThread {
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                Self.onThread { Self.serve(connection, taken) }
            }
        }
    }

    /// Blocking calls have no place on the threads of tasks.
    private static func onThread(_ work: @escaping @Sendable () -> Void) {
        final class Work {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }
        var thread = pthread_t()
        let pointer = Unmanaged.passRetained(Work(work)).toOpaque()
        pthread_create(
            &thread, nil,
            { pointer in
                // The thread was given the only reference.
                if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, pointer)
        pthread_detach(thread)
    }

    private static func serve(_ connection: CInt, _ taken: Flag) {
        defer { close(connection) }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
            let head = String(decoding: buffer[..<count], as: UTF8.self)
            if head.contains("\r\nupgrade: websocket") {
                say(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello",
                    connection)
                taken.raise()
            } else {
                say("HTTP/1.1 200 OK\r\nContent-Length: \(head.utf8.count)\r\n\r\n\(head)", connection)
            }
        }
    }

    private static func say(_ text: String, _ connection: CInt) {
        let bytes = Array(text.utf8)
        _ = send(connection, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }
}
