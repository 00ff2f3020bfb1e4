import Glibc
import Kit
import Testing

@Suite("NAME_FILE names a file that holds the value")
struct SecretFileTests {
    static let password = Setting<Secret>("PASSWORD", .secret(minimumBytes: 4), "The password.")
    static let banner = Setting<String>("BANNER", .nonEmpty, default: "none", "The banner.")

    private func problem(_ path: String, _ setting: any SettingDeclaration = password) throws -> String {
        let reader = ConfigurationReader(environment: ["\(setting.name)_FILE": path])
        return try #require(throws: ConfigurationProblems.self) { try reader.read([setting]) }.problems.map(
            \.description
        )
        .joined()
    }

    @Test("line ends at the end are stripped, all else is kept", arguments: ["\n", "\r\n", "\n\n", ""])
    func lineEnd(ending: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("password", " se cret\nx " + ending)
        let values = try ConfigurationReader(environment: ["PASSWORD_FILE": path]).read([Self.password])
        #expect(values[Self.password].reveal() == " se cret\nx ")
        #expect(values.origin(of: Self.password) == "the file \(path)")
    }

    @Test("a file that is missing, empty, a directory, too long or no text is a problem that names the setting")
    func unusable() throws {
        let folder = try TemporaryFolder()
        #expect(
            try problem("\(folder.path)/none")
                == "PASSWORD_FILE: the file \(folder.path)/none can't be read: there is no such file")
        #expect(try problem(folder.path) == "PASSWORD_FILE: the file \(folder.path) is a directory")
        for (contents, reason) in [
            (Array("".utf8), "is empty"), (Array("\n\r\n".utf8), "is empty"),
            ([0x61, 0xFF, 0x61, 0x61], "is not text in UTF-8"), ([0x61, 0x00, 0x61, 0x61], "is not text in UTF-8"),
            (Array(repeating: 0x61, count: 65_537), "is longer than 65536 bytes"),
        ] {
            let path = try folder.file("file", contents)
            #expect(try problem(path) == "PASSWORD_FILE: the file \(path) \(reason)")
        }
    }

    @Test("a secret's file open to everyone is refused", arguments: [0o644, 0o604, 0o602, 0o666] as [mode_t])
    func openToEveryone(mode: mode_t) throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("password", "canary", mode: mode)
        let message = try problem(path)
        #expect(message.contains("is open to every user of the machine (mode \(String(mode, radix: 8)))"))
        #expect(message.hasPrefix("PASSWORD_FILE:"))
        #expect(!message.contains("canary"))
    }

    @Test("owner and group may read a secret's file", arguments: [0o400, 0o600, 0o640, 0o440] as [mode_t])
    func closed(mode: mode_t) throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("password", "canary", mode: mode)
        #expect(throws: Never.self) {
            try ConfigurationReader(environment: ["PASSWORD_FILE": path]).read([Self.password])
        }
    }

    @Test("what is no secret may lie open")
    func openBanner() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("banner", "hello\n", mode: 0o644)
        let values = try ConfigurationReader(environment: ["BANNER_FILE": path]).read([Self.banner])
        #expect(values[Self.banner] == "hello")
    }

    @Test("a weak secret from a file is refused without being shown")
    func weak() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("password", "abc\n")
        #expect(
            try problem(path) == "PASSWORD: the value is 3 bytes long; at least 4 are needed (from the file \(path))")
    }

    @Test("the value and its file in one source contradict each other")
    func both() throws {
        let reader = ConfigurationReader(environment: ["PASSWORD": "abcdef", "PASSWORD_FILE": "/dev/null"])
        let problems = try #require(throws: ConfigurationProblems.self) { try reader.read([Self.password]) }
        #expect(
            problems.problems == [
                .init(
                    "PASSWORD", "is set twice in the environment, as PASSWORD and as PASSWORD_FILE; keep one")
            ])
    }

    @Test("a value in the environment goes before a file named in .env")
    func precedence() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file(".env", "PASSWORD_FILE=/nowhere\n")
        let reader = await ConfigurationReader.load(environment: ["PASSWORD": "abcdef"], directory: folder.path)
        #expect(try reader.read([Self.password])[Self.password].reveal() == "abcdef")
    }
}
