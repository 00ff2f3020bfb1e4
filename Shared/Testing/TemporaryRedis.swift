import Glibc
import Synchronization

/// A Redis server of a test's own on a random port of the loopback interface, with nothing kept on disk.
///
/// It is ended when the object goes, and also when the test process dies, however it does: a janitor process waits for
/// the end of a pipe only this process holds.
public final class TemporaryRedis: Sendable {
    /// What the server is to be.
    public enum Role: Sendable {
        /// Takes writes.
        case primary
        /// Follows the server at this port of the loopback interface.
        case replica(ofPort: Int)
        /// A sentinel that watches the server at this port under the name given, alone.
        case sentinel(name: String, port: Int)
    }

    /// TCP port on 127.0.0.1.
    public let port: Int
    /// The server's directory, with its log.
    public let directory: String
    private let password: String?
    private let isSentinel: Bool
    private let janitorPipe: CInt
    private let janitor: ChildProcess
    private let server = Mutex<ChildProcess?>(nil)

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - password: Of the default user; none is asked for where nil.
    ///   - users: ACL rules, each a user's name and what follows it: `worker on >secret ~* +@all`.
    ///   - settings: Further lines of the server's configuration.
    public init(
        role: Role = .primary, password: String? = nil, users: [String] = [], settings: [String] = []
    ) throws {
        self.password = password
        isSentinel = if case .sentinel = role { true } else { false }
        port = try Self.freePort()
        directory = "/tmp/gatehouse-redis-\(port)-\(getpid())"
        guard mkdir(directory, 0o700) == 0 else { throw ChildProcess.Failure("no directory \(directory)") }
        var lines = [
            "bind 127.0.0.1", "port \(port)", "daemonize no", "dir \(directory)", "logfile \(directory)/server.log",
        ]
        switch role {
        case .primary: lines += ["save \"\"", "appendonly no"]
        case .replica(let primary): lines += ["save \"\"", "appendonly no", "replicaof 127.0.0.1 \(primary)"]
        case .sentinel(let name, let watched): lines += ["sentinel monitor \(name) 127.0.0.1 \(watched) 1"]
        }
        if let password { lines.append("requirepass \(password)") }
        lines += users.map { "user \($0)" } + settings
        try Self.write(lines.joined(separator: "\n") + "\n", to: "\(directory)/server.conf")

        let (reader, writer) = try ChildProcess.pipeEnds()
        defer { close(reader) }
        janitorPipe = writer
        let script = """
            cat >/dev/null
            pid=$(cat "$1/child" 2>/dev/null) && kill -KILL "$pid" 2>/dev/null
            rm -rf "$1"
            """
        janitor = try ChildProcess.start(["sh", "-c", script, "janitor", directory], input: reader)
        try start()
    }

    deinit {
        // The janitor sees the end of the pipe and ends the server.
        close(janitorPipe)
        janitor.wait()
        server.withLock { child in
            _ = child?.wait()
        }
    }

    /// `redis://` and the address, with user and password where given.
    public func url(user: String = "", password: String? = nil, database: Int = 0) -> String {
        let credentials = (password ?? self.password).map { "\(user):\($0)@" } ?? ""
        return "redis://\(credentials)127.0.0.1:\(port)/\(database)"
    }

    /// Starts the server, which must be stopped, and returns when it answers.
    public func start() throws {
        try server.withLock { child in
            let mode = isSentinel ? ["--sentinel"] : []
            let started = try ChildProcess.start(["redis-server", "\(directory)/server.conf"] + mode)
            try Self.write("\(started.pid)", to: "\(directory)/child")
            for _ in 0..<600 {
                if isAnswering(started) {
                    child = started
                    return
                }
                // Ended already; WNOWAIT leaves the status to `wait`.
                var information = siginfo_t()
                if waitid(P_PID, id_t(started.pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0,
                    information.si_signo == SIGCHLD
                {
                    break
                }
                usleep(20_000)
            }
            let log = try? ChildProcess.run(["tail", "-n", "3", "\(directory)/server.log"])
            started.signal(SIGKILL)
            started.wait()
            throw ChildProcess.Failure("Redis does not start on port \(port): \(log ?? "")")
        }
    }

    /// Ends the server as a crash would, and returns when it is gone. What it held is lost.
    public func stop() {
        server.withLock { child in
            child?.signal(SIGKILL)
            child?.wait()
            child = nil
        }
    }

    /// Stops and starts the server, which forgets all.
    public func restart() throws {
        stop()
        try start()
    }

    /// Freezes the server: connections are accepted by the kernel, and nothing answers.
    public func suspend() {
        server.withLock { $0?.signal(SIGSTOP) }
    }

    /// Ends what `suspend` began.
    public func resume() {
        server.withLock { $0?.signal(SIGCONT) }
    }

    /// Runs a command through redis-cli and returns its raw output without line breaks at the ends; throws where the
    /// server refuses it. Blocks until the server answers.
    @discardableResult
    public func execute(_ command: String...) throws -> String {
        let credentials = password.map { ["--no-auth-warning", "-a", $0] } ?? []
        let output = try ChildProcess.run(
            ["redis-cli", "-h", "127.0.0.1", "-p", "\(port)", "-e"] + credentials + command)
        return String(output.drop { $0.isNewline }.reversed().drop { $0.isNewline }.reversed())
    }

    /// Whether it is this very server that answers: another test's may have been quicker to take the port.
    private func isAnswering(_ child: ChildProcess) -> Bool {
        guard let text = try? execute("INFO", "server") else { return false }
        return text.split(whereSeparator: \.isNewline).contains { $0 == "process_id:\(child.pid)" }
    }

    private static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ChildProcess.Failure("can't write \(path)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw ChildProcess.Failure("can't write \(path)")
        }
    }

    /// Ports this process has given to a server: one that is stopped for a while must find its own still free.
    private static let given = Mutex<Set<UInt16>>([])

    /// A port nobody listens on, below the range the kernel gives out itself.
    private static func freePort() throws -> Int {
        for _ in 0..<200 {
            let port = UInt16.random(in: 20_001...32_000)
            guard given.withLock({ $0.insert(port).inserted }) else { continue }
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let isFree = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isFree { return Int(port) }
        }
        throw ChildProcess.Failure("no free port")
    }
}
