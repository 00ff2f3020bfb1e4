import GatehouseTesting
import Glibc

/// A server that answers one request.
final class OneAnswer: Sendable {
    let port: Int
    private let listener: CInt

    init() throws {
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { [listener] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 ? getsockname(listener, $0, &length) : -1
            }
        }
        guard code == 0 else { throw ChildProcess.Failure("no port to listen on") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(listener) }

    /// Takes a request and answers it after `meanwhile`; returns the request.
    func answer(_ body: String, status: Int = 200, _ meanwhile: () -> Void = {}) throws -> String {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { throw ChildProcess.Failure("nobody came") }
        defer { close(connection) }
        var request: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !Self.isWhole(request), case let count = read(connection, &chunk, chunk.count), count > 0 {
            request += chunk[..<count]
        }
        meanwhile()
        let head = "HTTP/1.1 \(status) Answer\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
        let answer = head + body
        guard send(connection, answer, answer.utf8.count, CInt(MSG_NOSIGNAL)) > 0 else {
            throw ChildProcess.Failure("the answer was not taken")
        }
        return String(decoding: request, as: UTF8.self)
    }

    private static func isWhole(_ request: [UInt8]) -> Bool {
        let parts = String(decoding: request, as: UTF8.self)
            .split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        let length = parts[0].split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        return parts[1].utf8.count >= length.flatMap { Int($0.drop { !$0.isNumber }) } ?? 0
    }
}
