import GatehouseTesting
import Glibc

/// A port of this machine whose connections are each served on a thread of their own. Ends with the test process.
enum LoopbackListener {
    /// Listens; returns the port.
    /// - Parameter serve: Deals with one connection, which is closed afterwards.
    static func start(_ serve: @escaping @Sendable (CInt) -> Void) throws -> Int {
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
        onThread {
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                onThread {
                    serve(connection)
                    close(connection)
                }
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
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

    /// Sends a text.
    static func say(_ text: String, _ connection: CInt) {
        let bytes = Array(text.utf8)
        _ = send(connection, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }
}
