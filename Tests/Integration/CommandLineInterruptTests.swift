import FoundationEssentials
import GatehouseTesting
import Glibc
import Testing

@testable import CommandLineTool

@Suite("A command that is interrupted", .timeLimit(.minutes(3)))
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
