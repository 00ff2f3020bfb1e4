public import Glibc

/// The whole of Gatehouse as `deploy/up` starts it: private Postgres and Redis, the four real processes under their
/// supervisors, on ports and in a folder of its own.
public final class RunningSuite: Sendable {
    /// The public door.
    public let gateway: PlainHTTP
    /// The ports by the names of deploy's settings.
    public let ports: [String: Int]
    /// Where its data is.
    public let folder: String
    private let environment: [String]
    private static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    /// Brings a suite up and waits until it is ready.
    /// - Parameter tokens: Instances of the token process.
    public init(tokens: Int = 1) throws {
        let names = [
            "PORT_GATEWAY", "PORT_OPS", "PORT_IDENTITY", "PORT_TOKEN", "PORT_ADMIN", "PORT_POSTGRES", "PORT_REDIS",
        ]
        let ports = Dictionary(uniqueKeysWithValues: zip(names, try FreePort.take(names.count)))
        self.ports = ports
        gateway = PlainHTTP(port: ports["PORT_GATEWAY"] ?? 0)
        folder = "/tmp/gatehouse-test-\(getpid())-\(ports["PORT_GATEWAY"] ?? 0)"
        environment =
            [
                "env", "GATEHOUSE_RUN_DIR=\(folder)", "GATEHOUSE_BIN_DIR=\(Self.root)/.build/debug",
                "GATEHOUSE_ENV=development", "LOG_LEVEL=info", "LOG_FORMAT=json",
                "PUBLIC_URL=http://localhost:\(ports["PORT_GATEWAY"] ?? 0)",
                "FIRST_SUPERUSER_EMAIL=root@example.com",
            ] + ports.map { "\($0.key)=\($0.value)" }
        // Whatever becomes of the tests, the suite does not outlive them.
        let down = environment.dropFirst().joined(separator: " ") + " \(Self.root)/deploy/down --purge --yes"
        _ = try ChildProcess.start(["sh", "-c", "while kill -0 \(getpid()); do sleep 1; done; \(down)"])
        do {
            try deploy("up", "-d", "--token", "\(tokens)")
        } catch {
            _ = try? deploy("down", "--purge", "--yes")
            throw error
        }
    }

    deinit {
        _ = try? deploy("down", "--purge", "--yes")
    }

    /// Runs one of deploy's commands on this suite; returns what it printed.
    @discardableResult
    public func deploy(_ command: String, _ arguments: String...) throws -> String {
        try ChildProcess.run(environment + ["\(Self.root)/deploy/\(command)"] + arguments)
    }

    /// Ends a process without warning.
    /// - Returns: The id it had.
    @discardableResult
    public func kill(_ name: String) throws -> pid_t {
        let pid = try processID(name)
        guard Glibc.kill(pid, SIGKILL) == 0 else { throw ChildProcess.Failure("\(name) can't be killed") }
        return pid
    }

    /// The process that now runs under a name.
    public func processID(_ name: String) throws -> pid_t {
        let text = try ChildProcess.run(["cat", "\(folder)/state/\(name).pid"])
        guard let pid = text.split(separator: " ").first.flatMap({ pid_t($0) }) else {
            throw ChildProcess.Failure("\(name) has no process")
        }
        return pid
    }

    /// A secret that was made for it.
    public func secret(_ name: String) throws -> String {
        var text = try ChildProcess.run(["cat", "\(folder)/secrets/\(name)"])
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    /// All that its processes have logged.
    public func logs() throws -> String { try ChildProcess.run(["sh", "-c", "cat \(folder)/log/*.log"]) }
}
