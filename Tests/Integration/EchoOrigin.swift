import GatehouseTesting
import Glibc

/// An operator's service: answers each request with its head as it came, and takes WebSockets, on which it says
/// `hello` and then nothing. Ends with the test process.
final class EchoOrigin: Sendable {
    let port: Int
    /// WebSockets that were taken.
    let taken: Flag

    init() throws {
        let taken = Flag()
        self.taken = taken
        port = try LoopbackListener.start { Self.serve($0, taken) }
    }

    private static func serve(_ connection: CInt, _ taken: Flag) {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
            let head = String(decoding: buffer[..<count], as: UTF8.self)
            if head.contains("\r\nupgrade: websocket") {
                LoopbackListener.say(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello",
                    connection)
                taken.raise()
            } else {
                LoopbackListener.say("HTTP/1.1 200 OK\r\nContent-Length: \(head.utf8.count)\r\n\r\n\(head)", connection)
            }
        }
    }
}
