import FoundationEssentials
import GatehouseTesting
import Glibc
import Testing

@testable import CommandLineTool

@Suite("A command that is interrupted", .timeLimit(.minutes(1)))
struct CommandLineInterruptTests {
    @Test("Ctrl-C during a refresh loses no login", arguments: [SIGINT, SIGTERM, SIGHUP])
    func refresh(signal: Int32) throws {
        let server = try OneAnswer()
        let tool = try Tool(url: "http://localhost:\(server.port)")
        let site = try Site(url: "http://localhost:\(server.port)", tenant: nil, environment: [:])
        let store = LoginStore(folder: "\(tool.folder)/gatehouse/logins")
        try store.write(
            StoredLogin(user: "ada", tokens: .init(access: "a0", refresh: "r0", accessEnds: 0)), of: site)
        let running = try tool.start(["whoami"])
        let asked = try server.answer(#"{"access_token":"a1","refresh_token":"r1","expires_in":60}"#) {
            // The server has taken the old token by now.
            running.process.signal(signal)
        }
        #expect(asked.contains(#"{"refresh_token":"r0"}"#))
        #expect(running.ending().code == -signal)
        #expect(try store.login(of: site)?.tokens?.refresh == "r1")
    }
}

/// A server that answers one request.
private final class OneAnswer: Sendable {
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
    func answer(_ body: String, _ meanwhile: () -> Void) throws -> String {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { throw ChildProcess.Failure("nobody came") }
        defer { close(connection) }
        var request: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while request.last != UInt8(ascii: "}"), case let count = read(connection, &chunk, chunk.count), count > 0 {
            request += chunk[..<count]
        }
        meanwhile()
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        guard send(connection, answer, answer.utf8.count, CInt(MSG_NOSIGNAL)) > 0 else {
            throw ChildProcess.Failure("the answer was not taken")
        }
        return String(decoding: request, as: UTF8.self)
    }
}
