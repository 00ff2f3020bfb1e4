public import Glibc

/// A program started for a test.
public struct ChildProcess: Sendable {
    /// A program that could not be started, or ended badly.
    public struct Failure: Error, CustomStringConvertible {
        /// What went wrong, with the program's output where there is any.
        public let description: String

        /// A failure to be shown to the tester.
        public init(_ description: String) {
            self.description = description
        }
    }

    /// The process's id.
    public let pid: pid_t

    /// Starts a program in a session of its own, so that a key pressed in the terminal does not reach it.
    ///
    /// - Parameters:
    ///   - arguments: The program, searched for in PATH, and its arguments.
    ///   - input: Descriptor to be its standard input; /dev/null by default.
    ///   - output: Descriptor to be its standard output and error; /dev/null by default.
    ///   - errors: Descriptor to be its standard error instead.
    public static func start(
        _ arguments: [String], input: CInt? = nil, output: CInt? = nil, errors: CInt? = nil
    ) throws -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, errors ?? 1, 2)
        // Sockets of this process stay open, for their other end, as long as any child has them too.
        for descriptor in 3..<2048 as Range<CInt> { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A thread of a test runner may block signals, and a child inherits that: it would hear no SIGTERM.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // POSIX_SPAWN_SETSID, a number Glibc's module keeps to itself, and POSIX_SPAWN_SETSIGMASK.
        posix_spawnattr_setflags(&attributes, 0x80 | 0x08)

        var pid: pid_t = 0
        let pointers = arguments.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        guard let program = arguments.first else { throw Failure("no program") }
        let code = posix_spawnp(&pid, program, &actions, &attributes, pointers + [nil], environ)
        guard code == 0 else { throw Failure("\(program): \(String(cString: strerror(code)))") }
        return ChildProcess(pid: pid)
    }

    /// Runs a program to its end and returns what it wrote to output and error; throws where it ends badly.
    @discardableResult
    public static func run(_ arguments: [String]) throws -> String {
        let (reader, writer) = try pipeEnds()
        defer { close(reader) }
        let child: ChildProcess
        do {
            child = try start(arguments, output: writer)
        } catch {
            close(writer)
            throw error
        }
        close(writer)
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(reader, &buffer, buffer.count), count > 0 {
            output.append(contentsOf: buffer[..<count])
        }
        let text = String(decoding: output, as: UTF8.self)
        let status = child.wait()
        guard status == 0 else { throw Failure("\(arguments.joined(separator: " ")): status \(status)\n\(text)") }
        return text
    }

    /// Waits for the end and returns the wait status, 0 for success.
    @discardableResult
    public func wait() -> CInt {
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status
    }

    /// Sends a signal.
    public func signal(_ signal: CInt) {
        kill(pid, signal)
    }

    /// A pipe whose ends other children do not inherit.
    static func pipeEnds() throws -> (reader: CInt, writer: CInt) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure("no pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
