import Octets
import FoundationEssentials
import GatehouseTesting
import Glibc
import Kit
import NIOCore
import Testing

/// The real `gatehouse`, with logins of its own.
final class Tool: Sendable {
    /// How a command ended.
    struct Ending: Sendable {
        let code: Int32
        let output: String
        let errors: String

        var json: JSONValue {
            get throws { try JSONParser.parse(output.utf8) }
        }
    }

    /// A command that runs.
    struct Running {
        let process: ChildProcess
        fileprivate let output: CInt
        fileprivate let errors: CInt

        /// Waits for its end.
        func ending() -> Ending {
            let status = process.wait()
            defer { [output, errors].forEach { close($0) } }
            return Ending(
                code: status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F), output: Self.text(output),
                errors: Self.text(errors))
        }

        private static func text(_ descriptor: CInt) -> String {
            lseek(descriptor, 0, SEEK_SET)
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    static let program = "\(RunningSuite.root)/.build/debug/gatehouse"
    let folder: String
    private let url: String

    init(url: String) throws {
        self.url = url
        folder = "/tmp/gatehouse-tool-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    /// A tool for a suite.
    convenience init(_ suite: RunningSuite) throws { try self.init(url: "http://localhost:\(suite.gateway.port)") }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Starts a command.
    /// - Parameters:
    ///   - input: What it reads from standard input.
    ///   - settings: Its environment, `NAME=value`.
    func start(_ arguments: [String], input: String = "", settings: [String] = []) throws -> Running {
        let given = try file(input)
        let (output, errors) = (try scratch(), try scratch())
        defer { close(given) }
        let environment = [
            "PATH=\(String(cString: getenv("PATH")))", "XDG_CONFIG_HOME=\(folder)", "GATEHOUSE_URL=\(url)",
        ]
        let process = try ChildProcess.start(
            ["env", "-i"] + environment + settings + [Self.program] + arguments, input: given, output: output,
            errors: errors)
        return Running(process: process, output: output, errors: errors)
    }

    /// Runs a command to its end.
    @discardableResult
    func run(_ arguments: String..., input: String = "", settings: [String] = []) throws -> Ending {
        try start(arguments, input: input, settings: settings).ending()
    }

    /// Signs in.
    func login(_ name: String, _ password: String, tenant: String? = nil) throws {
        let ending = try start(
            ["login", name] + (tenant.map { ["--tenant", $0] } ?? []), input: password + "\n"
        ).ending()
        guard ending.code == 0 else { throw ChildProcess.Failure("login: \(ending.errors)") }
    }

    /// A file that only its owner reads.
    func secretFile(_ text: String) throws -> String {
        let path = "\(folder)/secret-\(UUID().uuidString)"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        chmod(path, 0o600)
        return path
    }

    /// The file that holds the only login.
    var loginFile: String {
        get throws {
            let logins = "\(folder)/gatehouse/logins"
            let names = try FileManager.default.contentsOfDirectory(atPath: logins).filter { !$0.hasSuffix(".lock") }
            guard let name = names.first, names.count == 1 else { throw ChildProcess.Failure("logins: \(names)") }
            return "\(logins)/\(name)"
        }
    }

    /// What the only login is.
    var login: JSONValue {
        get throws { try JSONParser.parse(String(contentsOfFile: loginFile, encoding: .utf8).utf8) }
    }

    /// Makes the access token one that is over by this machine's clock.
    func expire() throws {
        guard case .object(var members) = try login,
            let index = members.firstIndex(where: { $0.name == "access_token_ends" })
        else { throw ChildProcess.Failure("no access token") }
        members[index].value = .number("0")
        var json = JSONWriter()
        json.value(.object(members))
        try json.text.write(toFile: loginFile, atomically: false, encoding: .utf8)
    }

    private func scratch() throws -> CInt {
        var template = Array("\(folder)/output.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw ChildProcess.Failure("no scratch file") }
        unlink(template)
        return descriptor
    }

    private func file(_ text: String) throws -> CInt {
        let descriptor = try scratch()
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw ChildProcess.Failure("no input") }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }
}
