import Glibc
import Synchronization

/// A Postgres server of a test's own: a new cluster under /tmp on a random port of the loopback interface.
///
/// It is stopped and deleted when the object goes, and also when the test process dies, however it does: a janitor
/// process waits for the end of a pipe only this process holds.
public final class TemporaryPostgres: Sendable {
    /// How to stop the server.
    public enum StopMode: Sendable {
        /// Sessions are ended, buffers written (SIGINT).
        case fast
        /// Sessions are cut off, the next start recovers (SIGQUIT).
        case immediate
        /// As if the machine had killed the postmaster (SIGKILL).
        case kill
        /// As if the machine had lost its power: every process is killed, and nobody hears of it in good time.
        case crash
    }

    /// TCP port on 127.0.0.1.
    public let port: Int
    /// The cluster's directory, which also holds the Unix socket.
    public let directory: String
    private let settings: [String]
    private let prefix: [String]
    private let binaries: String
    private let janitorPipe: CInt
    private let server = Mutex<ChildProcess?>(nil)

    /// Makes a cluster and starts it.
    ///
    /// - Parameters:
    ///   - settings: Further server settings, `name=value`.
    ///   - tls: Whether the server has a certificate, self-signed, and accepts TLS.
    public convenience init(settings: [String] = [], tls: Bool = false) throws {
        try self.init(settings: settings + (tls ? ["ssl=on"] : [])) { run, directory, binaries in
            try run([
                "\(binaries)/initdb", "--no-sync", "--no-locale", "--encoding=UTF8", "--auth=trust",
                "--username=postgres", "--pgdata=\(directory)",
            ])
            guard tls else { return }
            try run([
                "openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost",
                "-newkey", "rsa:2048", "-keyout", "\(directory)/server.key", "-out", "\(directory)/server.crt",
            ])
        }
    }

    /// Makes a standby that follows `primary` through a replication slot, and starts it.
    public convenience init(standbyOf primary: TemporaryPostgres, settings: [String] = []) throws {
        try self.init(settings: settings) { run, directory, binaries in
            try run([
                "\(binaries)/pg_basebackup", "--no-sync", "--checkpoint=fast", "--wal-method=stream",
                "--write-recovery-conf", "--create-slot", "--slot=s\(directory.filter(\.isNumber))",
                "--host=127.0.0.1", "--port=\(primary.port)", "--username=postgres", "--pgdata=\(directory)",
            ])
        }
    }

    private init(
        settings: [String],
        make: (_ run: ([String]) throws -> Void, _ directory: String, _ binaries: String) throws -> Void
    ) throws {
        port = try Self.freePort()
        directory = "/tmp/gatehouse-pg-\(port)-\(getpid())"
        binaries = try Self.binaryDirectory()
        // The server refuses to run as root. setpriv becomes the server, so the child is the postmaster.
        let prefix = getuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] : []
        self.prefix = prefix
        self.settings = settings
        try make({ try ChildProcess.run(prefix + $0) }, directory, binaries)
        let (reader, writer) = try ChildProcess.pipeEnds()
        janitorPipe = writer
        defer { close(reader) }
        let script = """
            cat >/dev/null
            pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null) && kill -CONT "$pid" && kill -QUIT "$pid"
            for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
            rm -rf "$1"
            """
        _ = try ChildProcess.start(["sh", "-c", script, "janitor", directory], input: reader)
        try start()
    }

    deinit {
        // The janitor sees the end of the pipe; the server's own process is left for it to end.
        close(janitorPipe)
        server.withLock { child in
            _ = child?.wait()
        }
    }

    /// A URI for the superuser, or the given user, over TCP.
    public func connectionString(user: String = "postgres", database: String = "postgres", options: String = "")
        -> String
    {
        "postgresql://\(user)@127.0.0.1:\(port)/\(database)\(options.isEmpty ? "" : "?\(options)")"
    }

    /// The same over the Unix socket, as keywords.
    public func socketConnectionString(user: String = "postgres", database: String = "postgres") -> String {
        "host=\(directory) port=\(port) user=\(user) dbname=\(database)"
    }

    /// Starts the server, which must be stopped, and returns when it accepts connections.
    public func start() throws {
        try server.withLock { child in
            // After a kill the orphaned sessions hold the shared memory for a moment: then the server ends at once.
            for _ in 0..<50 {
                let arguments = ["\(binaries)/postgres", "-D", directory, "-p", "\(port)", "-k", directory]
                let fixed = ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=300", "logging_collector=off"]
                let log = open("\(directory)/server.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
                defer { close(log) }
                let started = try ChildProcess.start(
                    prefix + arguments + (fixed + settings).flatMap { ["-c", $0] }, output: log)
                if isAccepting(started) {
                    child = started
                    return
                }
                started.wait()
                usleep(100_000)
            }
            throw ChildProcess.Failure("Postgres does not start, see \(directory)/server.log")
        }
    }

    /// Stops the server and returns when it is gone.
    public func stop(_ mode: StopMode = .fast) {
        server.withLock { child in
            guard let postmaster = child else { return }
            switch mode {
            case .fast: postmaster.signal(SIGINT)
            case .immediate: postmaster.signal(SIGQUIT)
            case .kill: postmaster.signal(SIGKILL)
            case .crash:
                postmaster.signal(SIGSTOP)
                for session in children(of: postmaster.pid) { Glibc.kill(session, SIGKILL) }
                postmaster.signal(SIGKILL)
            }
            postmaster.wait()
            // Nobody cleans up behind a crash, and the number may be another program's before the janitor reads it.
            if case .crash = mode { unlink("\(directory)/postmaster.pid") }
            child = nil
        }
    }

    /// Freezes the server and all its sessions: sockets stay open, and nothing answers.
    public func suspend() {
        guard let postmaster = server.withLock(\.self)?.pid else { return }
        // The postmaster first, so that no session is born behind the back of the one look at them.
        kill(postmaster, SIGSTOP)
        for session in children(of: postmaster) { kill(session, SIGSTOP) }
    }

    /// Ends what `suspend` began.
    public func resume() {
        guard let postmaster = server.withLock(\.self)?.pid else { return }
        for session in children(of: postmaster) { kill(session, SIGCONT) }
        kill(postmaster, SIGCONT)
    }

    /// Runs SQL as the superuser through psql and returns its unaligned output; throws on the first error.
    @discardableResult
    public func execute(_ sql: String, database: String = "postgres") throws -> String {
        try ChildProcess.run([
            "\(binaries)/psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d",
            connectionString(database: database), "-c", sql,
        ])
    }

    /// Makes a primary of the standby, and returns when it takes writes.
    public func promote() throws {
        try ChildProcess.run(prefix + ["\(binaries)/pg_ctl", "promote", "--wait", "--pgdata=\(directory)"])
    }

    /// Turns a user's new connections away, as this server's own decision, which a standby can make as well.
    public func refuse(user: String) throws {
        let rule = "host all \(user) all reject"
        try ChildProcess.run(prefix + ["sed", "-i.all", "1i \(rule)", "\(directory)/pg_hba.conf"])
        try execute("select pg_reload_conf()")
    }

    /// Ends what `refuse` began.
    public func welcomeAll() throws {
        try ChildProcess.run(prefix + ["mv", "\(directory)/pg_hba.conf.all", "\(directory)/pg_hba.conf"])
        try execute("select pg_reload_conf()")
    }

    private func children(of process: pid_t) -> [pid_t] {
        let list = Self.contents(of: "/proc/\(process)/task/\(process)/children") ?? ""
        return list.split(separator: " ").compactMap { pid_t($0) }
    }

    private func isAccepting(_ child: ChildProcess) -> Bool {
        for _ in 0..<600 {
            if (try? ChildProcess.run(["\(binaries)/pg_isready", "-h", "127.0.0.1", "-p", "\(port)"])) != nil {
                return true
            }
            // Ended already; WNOWAIT leaves the status to `wait`.
            var information = siginfo_t()
            if waitid(P_PID, id_t(child.pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0,
                information.si_signo == SIGCHLD
            {
                return false
            }
            usleep(50_000)
        }
        return false
    }

    private static func contents(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The newest server's binaries as Debian lays them out.
    private static func binaryDirectory() throws -> String {
        for version in stride(from: 20, through: 14, by: -1) {
            let directory = "/usr/lib/postgresql/\(version)/bin"
            if access("\(directory)/postgres", X_OK) == 0 { return directory }
        }
        throw ChildProcess.Failure("no Postgres server installed under /usr/lib/postgresql")
    }

    /// A port nobody listens on, below the range the kernel gives out itself.
    private static func freePort() throws -> Int {
        for _ in 0..<200 {
            let port = UInt16.random(in: 20_001...32_000)
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
