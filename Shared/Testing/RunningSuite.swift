public import Glibc

/// The whole of Gatehouse as `deploy/up` starts it: private Postgres and Redis, the four real processes under their
/// supervisors, on ports and in a folder of its own.
public final class RunningSuite: Sendable {
    /// The public door, the first where there are several.
    public let gateway: PlainHTTP
    /// All public doors.
    public let gateways: [PlainHTTP]
    /// The ports by the names of deploy's settings.
    public let ports: [String: Int]
    /// Where its data is.
    public let folder: String
    private let stores: ReplicatedStores?
    private let environment: [String]
    private let instances: [String]
    /// The top of the project.
    public static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    /// Brings a suite up and waits until it is ready.
    /// - Parameters:
    ///   - gateways: Instances of the gateway.
    ///   - identities: Instances of the identity process.
    ///   - tokens: Instances of the token process.
    ///   - admins: Instances of the admin process.
    ///   - stores: Used instead of stores of its own.
    ///   - settings: Further settings, `NAME=value`.
    public init(
        gateways: Int = 1, identities: Int = 1, tokens: Int = 1, admins: Int = 1, stores: ReplicatedStores? = nil,
        settings: [String] = []
    ) throws {
        self.stores = stores
        instances = [
            "--gateway", "\(gateways)", "--identity", "\(identities)", "--token", "\(tokens)",
            "--admin", "\(admins)",
        ]
        let names = [
            "PORT_GATEWAY", "PORT_OPS", "PORT_IDENTITY", "PORT_TOKEN", "PORT_ADMIN", "PORT_POSTGRES", "PORT_REDIS",
        ]
        let ports = Dictionary(
            uniqueKeysWithValues: zip(
                names, try FreePort.take(names.count, instances: max(gateways, identities, tokens, admins))))
        self.ports = ports
        gateway = PlainHTTP(port: ports["PORT_GATEWAY"] ?? 0)
        self.gateways = (0..<gateways).map { PlainHTTP(port: (ports["PORT_GATEWAY"] ?? 0) + 10 * $0) }
        folder = "/tmp/gatehouse-test-\(getpid())-\(ports["PORT_GATEWAY"] ?? 0)"
        environment =
            [
                "env", "GATEHOUSE_RUN_DIR=\(folder)", "GATEHOUSE_BIN_DIR=\(Self.root)/.build/debug",
                "GATEHOUSE_ENV=development", "LOG_LEVEL=info", "LOG_FORMAT=json",
                "PUBLIC_URL=http://localhost:\(ports["PORT_GATEWAY"] ?? 0)",
                "FIRST_SUPERUSER_EMAIL=root@example.com",
                // All tests come from one address.
                "LOGIN_FAILURES_PER_ADDRESS=1000000", "RATE_LIMITS=off",
                // Nothing stands before the gateway that would have to see it go.
                "SHUTDOWN_DELAY=0s",
            ] + ports.map { "\($0.key)=\($0.value)" } + (stores?.settings ?? []) + settings
        // Whatever becomes of the tests, the suite does not outlive them.
        let quoted = environment.dropFirst().map { "'\($0)'" }.joined(separator: " ")
        let down = "env \(quoted) \(Self.root)/deploy/down --purge --yes; rm -rf \(folder)"
        _ = try ChildProcess.start(["setsid", "sh", "-c", "while kill -0 \(getpid()); do sleep 1; done; \(down)"])
        do {
            try up()
        } catch {
            _ = try? deploy("down", "--purge", "--yes")
            throw error
        }
    }

    deinit {
        _ = try? deploy("down", "--purge", "--yes")
    }

    /// Brings it up again with further settings, `NAME=value`.
    public func up(settings: [String] = []) throws {
        _ = try ChildProcess.run(environment + settings + ["\(Self.root)/deploy/up", "-d"] + instances)
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

    /// Ends a process without warning, and keeps it from being started again before `deploy/service start`.
    public func crash(_ name: String) throws {
        _ = try ChildProcess.run(["touch", "\(folder)/state/\(name).hold"])
        let pid = try kill(name)
        while (try? processID(name)) == pid { usleep(10_000) }
    }

    /// Freezes a process: its connections stay, and nothing answers. SIGCONT ends it.
    public func suspend(_ name: String) throws -> ChildProcess {
        let process = ChildProcess(pid: try processID(name))
        process.signal(SIGSTOP)
        return process
    }

    /// A process of the suite, asked on its own port.
    public func process(_ name: String) throws -> PlainHTTP {
        let port = try ChildProcess.run(["cat", "\(folder)/state/\(name).port"])
        return PlainHTTP(port: Int(port.filter(\.isNumber)) ?? 0)
    }

    /// Whether a process says that it is ready.
    public func isReady(_ name: String) -> Bool {
        (try? process(name).send("GET", "/health/readiness").status) == 200
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

    /// Runs SQL as a role, the owner of the schema unless said, in the suite's database or another one; returns what came of it, columns separated by `|`.
    @discardableResult
    public func sql(_ statement: String, as role: String = "gatehouse_owner", in database: String = "gatehouse") throws
        -> String
    {
        let own = "postgresql://\(role)@127.0.0.1:\(ports["PORT_POSTGRES"] ?? 0)/\(database)"
        var text = try ChildProcess.run([
            "env", "PGPASSFILE=\(folder)/secrets/pgpass", "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
            "-d", stores?.connectionString(user: role, database: database) ?? own, "-c", statement,
        ])
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    /// The mails that were put into its folder for an address, the oldest first: each the whole file.
    public func mails(to address: String) throws -> [String] {
        try ChildProcess.run([
            "sh", "-c",
            "cd \(folder)/mail 2>/dev/null && grep -l -i '^To: \(address)' *.eml | xargs -r cat | tr -d '\\r' || true",
        ]).split(separator: "\nFrom: ").map(String.init)
    }

    /// All that its processes have logged.
    public func logs() throws -> String { try ChildProcess.run(["sh", "-c", "cat \(folder)/log/*.log"]) }
}
