import Glibc

/// A private redis-server on a loopback port of its own, ended with the object.
public final class TemporaryRedis: Sendable {
    /// The port it listens on.
    public let port: Int
    private let arguments: [String]
    private nonisolated(unsafe) var child: ChildProcess?

    /// Starts a server.
    /// - Parameters:
    ///   - password: What clients have to give.
    ///   - replicaOf: The port of the server it follows.
    public init(password: String? = nil, replicaOf primary: Int? = nil) throws {
        port = try FreePort.take(1)[0]
        var arguments = [
            "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--daemonize", "no",
        ]
        if let password { arguments += ["--requirepass", password] }
        if let primary { arguments += ["--replicaof", "127.0.0.1", "\(primary)"] }
        self.arguments = arguments
        try start()
    }

    deinit {
        stop()
    }

    /// Starts it again after `stop`. Tests of one server run one after the other, so the handle has one user at a time.
    public func start() throws {
        child = try ChildProcess.start(arguments)
        for _ in 0..<500 {
            if (try? ChildProcess.run(["redis-cli", "-p", "\(port)", "ping"])) != nil { return }
            usleep(10_000)
        }
        throw ChildProcess.Failure("redis-server did not start on port \(port)")
    }

    /// Ends it at once.
    public func stop() {
        child?.signal(SIGKILL)
        child?.wait()
        child = nil
    }

    /// Makes it hang.
    public func suspend() { child?.signal(SIGSTOP) }
    /// Ends a hang.
    public func resume() { child?.signal(SIGCONT) }

    /// Runs redis-cli with these words.
    @discardableResult
    public func run(_ words: String...) throws -> String {
        try ChildProcess.run(["redis-cli", "-p", "\(port)"] + words)
    }
}
