import Glibc
import Logging
import Synchronization

@testable import Kit

/// An output that writes into a pipe, and the pipe's other end.
final class LogPipe: Sendable {
    let output: LogOutput
    let renderer: LogLineRenderer
    private let reading: CInt
    private let writing: CInt
    private let isReaderOpen = Mutex(true)

    init(format: LogFormat = .json, level: Logger.Level = .info, capacity: Int = LogOutput.defaultCapacity) throws {
        // A pipe whose reader is gone must give an error, as it does in a process that has started logging.
        signal(SIGPIPE, SIG_IGN)
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TestFailure("pipe: errno \(errno)") }
        (reading, writing) = (ends[0], ends[1])
        (output, renderer) = LoggingBootstrap.output(
            service: "test", format: format, level: level, descriptor: writing, capacity: capacity)
    }

    deinit {
        closeReader()
        output.stop()
    }

    func logger(_ label: String = "test") -> Logger {
        Logger(label: label) { LineLogHandler(label: $0, renderer: renderer, output: output) }
    }

    func closeReader() {
        isReaderOpen.withLock { isOpen in
            if isOpen { close(reading) }
            isOpen = false
        }
    }

    /// Reads that many whole lines or more, waiting for them.
    func lines(_ count: Int) throws -> [String] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.last != 0x0A || bytes.count(where: { $0 == 0x0A }) < count {
            // No promptness is asked for: this only makes a writer that never wakes a failure, not a hang.
            var source = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            guard poll(&source, 1, 30_000) > 0 else { throw TestFailure("no lines for 30 s") }
            let length = read(reading, &chunk, chunk.count)
            guard length > 0 else { throw TestFailure("read: \(length), errno \(errno)") }
            bytes += chunk[..<length]
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
