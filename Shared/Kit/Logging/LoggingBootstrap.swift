import Glibc
public import Logging
import Synchronization

/// Sets up logging for a process.
public enum LoggingBootstrap {
    /// Where lines are written.
    public enum Stream: Sendable {
        /// Descriptor 1.
        case standardOutput
        /// Descriptor 2.
        case standardError

        var descriptor: CInt {
            switch self {
            case .standardOutput: STDOUT_FILENO
            case .standardError: STDERR_FILENO
            }
        }
    }

    /// The output that `start` made: logging is set up once for the whole process, and the C library's exit handler,
    /// which takes no argument, has to find it.
    private static let current = Mutex<(output: LogOutput, renderer: LogLineRenderer)?>(nil)

    /// Where a process writes a line for each request; nil before `start`.
    public static var accessLog: AccessLog? {
        current.withLock { $0 }.map { AccessLog(output: $0.output, renderer: $0.renderer) }
    }

    /// Writes what waits in the process's output, where there is one; for the moment before the process ends.
    /// - Returns: Whether all of it was written before the time was up.
    @discardableResult
    public static func flush(within limit: Duration = .seconds(2)) -> Bool {
        current.withLock { $0 }?.output.flush(within: limit) ?? true
    }

    /// How many records the process's output has dropped.
    public static var droppedRecords: Int { current.withLock { $0 }?.output.droppedRecords ?? 0 }

    /// Makes every `Logger` of the process write lines; to be called once, first thing in `main`.
    ///
    /// What waits is written when the process exits by returning from `main` or by `exit`.
    /// - Parameters:
    ///   - service: The process's name, on every record.
    ///   - format: `LOG_FORMAT`.
    ///   - level: `LOG_LEVEL`; to be changed later at the output returned.
    ///   - capacity: How many bytes may wait for a slow reader before records are dropped.
    ///   - metadataProvider: Adds what the task knows to each record.
    @discardableResult
    public static func start(
        service: String, format: LogFormat = .automatic, level: Logger.Level = .info,
        stream: Stream = .standardOutput, capacity: Int = LogOutput.defaultCapacity,
        metadataProvider: Logger.MetadataProvider? = nil
    ) -> LogOutput {
        // A reader that closes its pipe must not end the process; writes then fail with EPIPE instead.
        signal(SIGPIPE, SIG_IGN)
        let (output, renderer) = output(
            service: service, format: format, level: level, descriptor: stream.descriptor, capacity: capacity)
        LoggingSystem.bootstrap(
            { label, provider in
                LineLogHandler(label: label, renderer: renderer, output: output, metadataProvider: provider)
            }, metadataProvider: metadataProvider)

        current.withLock { $0 = (output, renderer) }
        atexit { LoggingBootstrap.flush() }
        return output
    }

    static func output(
        service: String, format: LogFormat, level: Logger.Level, descriptor: CInt,
        capacity: Int = LogOutput.defaultCapacity
    ) -> (LogOutput, LogLineRenderer) {
        let isTerminal = isatty(descriptor) == 1
        let style: LogLineRenderer.Style =
            switch format {
            case .json: .json
            case .text: .text(isColored: isTerminal)
            case .automatic: isTerminal ? .text(isColored: true) : .json
            }
        let renderer = LogLineRenderer(service: service, style: style)
        let output = LogOutput(descriptor: descriptor, level: level, capacity: capacity) { count in
            renderer.line(
                .warning, "log records were dropped", metadata: ["records": .stringConvertible(count)], at: .now)
        }
        return (output, renderer)
    }
}
