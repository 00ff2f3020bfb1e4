import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import CommandLineTool

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/gatehouse-cli-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func mode(of path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }
}

/// Whether the writer is through.
private final class Over: Sendable {
    let flag = Atomic(false)
}

@Suite("Where logins are kept")
struct LoginStoreTests {
    private let folder: TemporaryFolder
    private let store: LoginStore

    init() throws {
        folder = try TemporaryFolder()
        store = LoginStore(folder: folder.path + "/a/gatehouse/logins")
    }

    private func login(_ number: Int = 1) -> StoredLogin {
        StoredLogin(
            user: "ada", device: "ghd_\(number)",
            tokens: .init(access: "access\(number)", refresh: "refresh\(number)", accessEnds: number))
    }

    @Test("what was written is read again, and only its owner can read it, whatever the umask")
    func written() throws {
        let before = umask(0)
        defer { umask(before) }
        let site = try Site.example()
        #expect(try store.login(of: site) == nil)
        try store.write(login(), of: site)
        #expect(try store.login(of: site) == login())
        #expect(folder.mode(of: store.path(of: site)) == 0o600)
        #expect(folder.mode(of: store.folder) == 0o700)
        try store.locked(site) {}
        #expect(folder.mode(of: store.path(of: site) + ".lock") == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder).count == 2)
    }

    @Test("a file that others can read is refused", arguments: [0o640, 0o604, 0o660] as [mode_t])
    func open(mode: mode_t) throws {
        let site = try Site.example()
        try store.write(login(), of: site)
        chmod(store.path(of: site), mode)
        let failure = #expect(throws: Failure.self) { try store.login(of: site) }
        #expect(failure.map { "\($0)".contains("access1") } == false)
    }

    @Test("a link in the file's place is not followed")
    func link() throws {
        let (site, other) = (try Site.example(), try Site.example("http://other"))
        try store.write(login(), of: other)
        symlink(store.path(of: other), store.path(of: site))
        #expect(throws: Failure.self) { try store.login(of: site) }
        // Writing puts a file of its own there and leaves the other alone.
        try store.write(login(2), of: site)
        #expect(try store.login(of: other) == login(1))
    }

    @Test("each address and tenant has a login of its own")
    func sites() throws {
        let sites = try [
            Site.example("http://a"), Site.example("https://a"), Site.example("http://a:8080"),
            Site.example("http://a/b"),
            Site.example("http://a", tenant: "b"), Site.example("http://a/t/b", tenant: nil),
        ]
        // The last two are the same door.
        #expect(Set(sites.map(store.path)).count == 5)
        for site in sites { #expect(store.path(of: site).hasPrefix(store.folder + "/http")) }
        #expect(try !store.path(of: Site.example("http://a/../../x")).contains("/../"))
    }

    @Test("who reads while it is written sees the one or the other, whole")
    func atomic() async throws {
        let site = try Site.example()
        try store.write(login(), of: site)
        let isOver = Over()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [store] in
                defer { isOver.flag.store(true, ordering: .relaxed) }
                for number in 1...300 {
                    let long = String(repeating: "x", count: number * 40)
                    let tokens = StoredLogin.Tokens(access: long, refresh: "\(number)", accessEnds: long.count)
                    try store.write(StoredLogin(user: "ada", tokens: tokens), of: site)
                }
            }
            group.addTask { [store] in
                while !isOver.flag.load(ordering: .relaxed) {
                    let tokens = try #require(try store.login(of: site)?.tokens)
                    #expect(tokens.accessEnds == 1 || tokens.access.count == tokens.accessEnds)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("the folder is where the XDG specification says, and a relative one is ignored")
    func folders() throws {
        #expect(try LoginStore(environment: ["XDG_CONFIG_HOME": "/x", "HOME": "/h"]).folder == "/x/gatehouse/logins")
        #expect(
            try LoginStore(environment: ["XDG_CONFIG_HOME": "x", "HOME": "/h"]).folder == "/h/.config/gatehouse/logins")
        #expect(throws: Failure.self) { try LoginStore(environment: [:]) }
    }

    @Test("a file of something else is named, and not taken for a login", arguments: ["", "{}", "nonsense", "[1]"])
    func foreign(text: String) throws {
        let site = try Site.example()
        try store.write(login(), of: site)
        try text.write(toFile: store.path(of: site), atomically: false, encoding: .utf8)
        let failure = #expect(throws: Failure.self) { try store.login(of: site) }
        #expect(failure.map { "\($0)".contains(store.path(of: site)) } == true)
    }
}
