import Kit
import Testing

@Suite("Configuration is read from the environment, then a .env file, then defaults")
struct ConfigurationReaderTests {
    static let port = Setting<Int>("PORT", .port, default: "8080", "The port.")
    static let host = Setting<String>("HOST", .nonEmpty, "The host.")
    static let key = Setting<Secret>("MASTER_KEY", .base64url(count: 32...32), "The key.")
    static let proxy = Setting<String?>.optional("PROXY", .nonEmpty, "The proxy.")
    static let all: [any SettingDeclaration] = [port, host, key, proxy]
    static let goodKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

    @Test("values come typed, defaults stand in, an optional one may be absent")
    func typedValues() throws {
        let reader = ConfigurationReader(environment: ["HOST": "example.org", "MASTER_KEY": Self.goodKey])
        let values = try reader.read(Self.all)
        #expect(values[Self.port] == 8080)
        #expect(values[Self.host] == "example.org")
        #expect(values[Self.key].revealBytes() == Array(0..<32))
        #expect(values[Self.proxy] == nil)
        #expect(values.origin(of: Self.port) == "default")
        #expect(values.origin(of: Self.host) == "the environment")
        #expect(values.origin(of: Self.proxy) == "not set")
    }

    @Test("one error lists every problem, in order, and no secret")
    func everyProblem() throws {
        let reader = ConfigurationReader(environment: [
            "PORT": "abc", "MASTER_KEY": "canary-secret-value", "PROXY": " ",
        ])
        let problems = try #require(throws: ConfigurationProblems.self) { try reader.read(Self.all) }
        #expect(
            problems.description == """
                4 settings need attention:
                  PORT: 'abc' is not a whole number between 1 and 65535 (from the environment)
                  HOST: is missing; it has to be a text that is not blank
                  MASTER_KEY: the value decodes to 14 bytes, which is the wrong length: exactly 32 are needed \
                (from the environment)
                  PROXY: ' ' is not a text that is not blank (from the environment)
                """)
        #expect(!"\(problems)".contains("canary"))
    }

    @Test("the environment goes before the file, the file before the default")
    func order() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file(
            ".env",
            """
            # comment
            HOST=from-file
            PORT=9000
            PROXY="quoted value"
            MASTER_KEY='\(Self.goodKey)'
            """)
        let reader = await ConfigurationReader.load(environment: ["PORT": "7000"], directory: folder.path)
        let values = try reader.read(Self.all)
        #expect(values[Self.port] == 7000)
        #expect(values[Self.host] == "from-file")
        #expect(values[Self.proxy] == "quoted value")
        #expect(values[Self.key].count == 32)
        #expect(values.origin(of: Self.host) == "\(folder.path)/.env")
        #expect(values.warnings.isEmpty)
    }

    @Test("an empty variable counts as absent")
    func emptyIsAbsent() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file(".env", "HOST=from-file\nPORT=\n")
        let reader = await ConfigurationReader.load(environment: ["HOST": "", "PORT": ""], directory: folder.path)
        let values = try reader.read([Self.port, Self.host])
        #expect(values[Self.host] == "from-file")
        #expect(values[Self.port] == 8080)
    }

    @Test("a missing .env is no problem, a named file that is missing is")
    func missingFile() async throws {
        let folder = try TemporaryFolder()
        let quiet = await ConfigurationReader.load(environment: [:], directory: folder.path)
        #expect(throws: Never.self) { try quiet.read([Self.port]) }

        let path = "\(folder.path)/nowhere"
        let named = await ConfigurationReader.load(environment: ["GATEHOUSE_ENV_FILE": path])
        let problems = try #require(throws: ConfigurationProblems.self) { try named.read([Self.port, Self.host]) }
        #expect(problems.problems.map(\.name) == ["GATEHOUSE_ENV_FILE", "HOST"])
        #expect(problems.problems.first?.reason == "the file \(path) can't be read")
    }

    @Test("a file named by GATEHOUSE_ENV_FILE is read")
    func namedFile() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("settings", "PORT=1234\n")
        let reader = await ConfigurationReader.load(environment: ["GATEHOUSE_ENV_FILE": path])
        #expect(try reader.read([Self.port])[Self.port] == 1234)
    }

    @Test("a secret in a .env file that everybody can read is warned of")
    func openEnvironmentFile() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.file(".env", "MASTER_KEY=\(Self.goodKey)\nPORT=1\n", mode: 0o644)
        let reader = await ConfigurationReader.load(environment: [:], directory: folder.path)
        let warnings = try reader.read([Self.port, Self.key]).warnings
        #expect(warnings == ["MASTER_KEY in \(path) can be read by every user of the machine; chmod o-rw the file"])
    }

    @Test("an unknown name with our prefix is warned of, with the nearest known one")
    func unknownNames() async throws {
        let realm = Setting<String>("GATEHOUSE_REALM", .string, default: "x", "The realm.")
        let other = Setting<String>("GATEHOUSE_OTHER", .string, default: "x", "Another process's.")
        let folder = try TemporaryFolder()
        _ = try folder.file(".env", "GATEHOUSE_XYZZY=1\nGATEHOUSE_OTHER=1\nGATEHOUSE_REALM_FILE=/dev/null\n")
        let environment = [
            "GATEHOUSE_REALN": "1", "GATEHOUSE_PORT": "1", "GATEHOUSE_REALM": "r", "PATH": "/bin",
        ]
        let reader = await ConfigurationReader.load(environment: environment, directory: folder.path)
        #expect(
            try reader.read([realm, Self.port], others: [other]).warnings == [
                "GATEHOUSE_PORT in the environment is no setting of this process; did you mean PORT?",
                "GATEHOUSE_REALN in the environment is no setting of this process; did you mean GATEHOUSE_REALM?",
                "GATEHOUSE_XYZZY in \(folder.path)/.env is no setting of this process",
            ])
    }

    @Test("the effective settings show everything but secrets")
    func effective() throws {
        let reader = ConfigurationReader(environment: ["HOST": "a\u{1B}[31mb", "MASTER_KEY": Self.goodKey])
        let values = try reader.read(Self.all)
        let expected = """
            PORT=8080 (default)
            HOST=a\\u{1b}[31mb (the environment)
            MASTER_KEY=‹redacted› (the environment)
            PROXY= (not set)
            """
        #expect(values.effective == expected)
        #expect("\(values)" == expected)
        var dumped = ""
        dump(values, to: &dumped)
        #expect(!dumped.contains(Self.goodKey))
    }

    @Test("a faulty default is a problem, not a crash")
    func faultyDefault() throws {
        let setting = Setting<Int>("PORT", .port, default: "99999", "The port.")
        let problems = try #require(throws: ConfigurationProblems.self) {
            try ConfigurationReader(environment: [:]).read([setting])
        }
        #expect(problems.problems == [.init("PORT", "is not a whole number between 1 and 65535")])
    }

    @Test("a long or hostile value is shown short and on one line")
    func shownValue() throws {
        let value = "a\n" + String(repeating: "x", count: 500)
        let problems = try #require(throws: ConfigurationProblems.self) {
            try ConfigurationReader(environment: ["PORT": value]).read([Self.port])
        }
        #expect(problems.description.count < 250)
        #expect(problems.description.contains(#"'a\u{a}xxx"#))
    }
}
