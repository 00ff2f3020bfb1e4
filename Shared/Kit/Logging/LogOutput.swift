import Glibc
public import Logging
import Synchronization

/// Where a process's log records go, and from which level on.
///
/// A record is appended to a bounded buffer; one thread of its own writes what has gathered. A reader that is slow, or
/// gone, never holds up a request: what finds the buffer full is dropped and counted.
public final class LogOutput: Sendable {
    /// How much may wait to be written unless told otherwise, in bytes.
    public static let defaultCapacity = 1 << 20

    private struct Waiting {
        var bytes: [UInt8] = []
        var records = 0
        /// Whether the writer sleeps and has to be woken for the next record.
        var isWriterAsleep = true
        var isStopped = false
        /// Dropped since the last line that told of it.
        var untold = 0
    }

    /// A batch on its way to the descriptor.
    private struct Batch {
        var bytes: [UInt8] = []
        var records = 0
        /// How many of the bytes are written; more follow when the time for writing was up too early.
        var written = 0

        var isWritten: Bool { written == bytes.count }
    }

    private enum Progress {
        /// A batch was written; there may be another.
        case written
        /// Nothing waits, and the writer may sleep.
        case empty
        /// The time was up; the rest of the batch waits for the next one who writes.
        case stalled
    }

    private let descriptor: CInt
    private let capacity: Int
    private let dropNotice: @Sendable (Int) -> [UInt8]
    private let waiting = Mutex(Waiting())
    /// Held by whoever writes, so that lines keep their order.
    private let writing = Mutex(Batch())
    /// A pipe: the writer's thread sleeps reading the one end, whoever wakes it writes a byte to the other.
    private let wake: (read: CInt, write: CInt)
    private let dropped = Atomic<Int>(0)
    private let threshold: Atomic<UInt8>

    /// An output that writes to an open descriptor, which it does not close.
    /// - Parameters:
    ///   - dropNotice: Makes the line that tells of records dropped.
    init(
        descriptor: CInt, level: Logger.Level, capacity: Int = LogOutput.defaultCapacity,
        dropNotice: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.descriptor = descriptor
        self.capacity = capacity
        self.dropNotice = dropNotice
        threshold = Atomic(Self.code(level))
        var ends: [CInt] = [-1, -1]
        precondition(pipe(&ends) == 0, "no descriptors left for the log's writer")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        wake = (ends[0], ends[1])
        startWriter()
    }

    deinit {
        close(wake.read)
        close(wake.write)
    }

    /// The level from which on records are written; may be changed at any time, and holds for every logger that was
    /// not given a level of its own.
    public var level: Logger.Level {
        get { Self.levels[Int(threshold.load(ordering: .relaxed))] }
        set { threshold.store(Self.code(newValue), ordering: .relaxed) }
    }

    /// How many records were dropped since the start.
    public var droppedRecords: Int { dropped.load(ordering: .relaxed) }

    /// Hands over a line; never waits for the reader.
    func append(_ line: [UInt8]) {
        let (accepted, wakes) = waiting.withLock { waiting in
            guard waiting.bytes.count + line.count <= capacity else {
                waiting.untold += 1
                return (false, false)
            }
            waiting.bytes.append(contentsOf: line)
            waiting.records += 1
            defer { waiting.isWriterAsleep = false }
            return (true, waiting.isWriterAsleep)
        }
        if !accepted { dropped.wrappingAdd(1, ordering: .relaxed) }
        if wakes { wakeWriter() }
    }

    /// Writes everything that waits, in the calling thread; to be used before the process ends, not in a request.
    /// - Returns: Whether all of it was written before the time was up.
    @discardableResult
    public func flush(within limit: Duration = .seconds(2)) -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            let emptied = writing.withLockIfAvailable { batch in
                while true {
                    switch drain(&batch, until: deadline) {
                    case .written: continue
                    case .empty: return true
                    case .stalled: return false
                    }
                }
            }
            if emptied == true { return true }
            guard ContinuousClock.now < deadline else { return false }
            usleep(1000)
        }
    }

    /// Writes what waits and ends the writer's thread. Records that come later wait for `flush`.
    public func stop() {
        flush()
        waiting.withLock { $0.isStopped = true }
        wakeWriter()
    }

    /// Writes what is left of the batch or, when nothing is, what has gathered since.
    private func drain(_ batch: inout Batch, until deadline: ContinuousClock.Instant?) -> Progress {
        if batch.isWritten { refill(&batch) }
        if batch.isWritten { return .empty }
        switch write(&batch, until: deadline) {
        case .done: return .written
        case .timeUp: return .stalled
        case .readerGone:
            dropped.wrappingAdd(batch.records, ordering: .relaxed)
            batch.written = batch.bytes.count
            return .written
        }
    }

    /// Swaps the batch's buffer, whose bytes are written, with that of the records that wait.
    private func refill(_ batch: inout Batch) {
        batch.bytes.removeAll(keepingCapacity: true)
        batch.written = 0
        let untold = waiting.withLock { waiting in
            swap(&waiting.bytes, &batch.bytes)
            batch.records = waiting.records
            waiting.records = 0
            let untold = waiting.untold
            waiting.untold = 0
            if batch.bytes.isEmpty, untold == 0 { waiting.isWriterAsleep = true }
            return untold
        }
        if untold > 0 { batch.bytes.append(contentsOf: dropNotice(untold)) }
    }

    private enum Outcome {
        case done, timeUp, readerGone
    }

    private func write(_ batch: inout Batch, until deadline: ContinuousClock.Instant?) -> Outcome {
        while !batch.isWritten {
            if let deadline, !isWritable(until: deadline) { return .timeUp }
            let left = batch.bytes.count - batch.written
            // A pipe that polls writable takes PIPE_BUF bytes without blocking; more might hold us past the time.
            let length = deadline == nil ? left : min(left, 4096)
            let count = batch.bytes.withUnsafeBytes { bytes in
                // The range lies within the array, which lives for the closure.
                let part = UnsafeRawBufferPointer(rebasing: bytes[batch.written..<batch.written + length])
                return Glibc.write(descriptor, part.baseAddress, length)
            }
            if count >= 0 {
                batch.written += count
            } else if errno == EAGAIN {
                _ = isWritable(until: .now + .seconds(1))
            } else if errno != EINTR {
                return .readerGone
            }
        }
        return .done
    }

    /// Waits for the descriptor to take bytes, or to say with an error that it never will.
    private func isWritable(until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = max(.zero, deadline - .now)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            var target = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let ready = poll(&target, 1, CInt(clamping: milliseconds))
            if ready >= 0 || errno != EINTR { return ready != 0 }
        }
    }

    // The writer's thread

    private func startWriter() {
        // Signals belong to the threads that expect them: the writer inherits a mask that blocks all.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

        var thread = pthread_t()
        // The thread owns one reference to the output, taken here and given back when `run` returns.
        let owned = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let output = Unmanaged<LogOutput>.fromOpaque(argument).takeRetainedValue()
                output.run()
                return nil
            }, owned.toOpaque())
        guard status == 0 else {
            owned.release()
            preconditionFailure("the log's writer can't be started: errno \(status)")
        }
        pthread_detach(thread)
    }

    private func run() {
        var bytes: [UInt8] = Array(repeating: 0, count: 64)
        while true {
            // Waits for the first record after a pause.
            guard read(wake.read, &bytes, bytes.count) > 0 || errno == EINTR else { return }
            // Lets more gather, so that a busy process makes one system call for many records.
            usleep(2000)
            writing.withLock { batch in
                while drain(&batch, until: nil) == .written {}
            }
            if waiting.withLock({ $0.isStopped && $0.bytes.isEmpty }) { return }
        }
    }

    private func wakeWriter() {
        var byte: UInt8 = 1
        // Does not block: where the pipe is full, the writer has enough to wake up for.
        _ = Glibc.write(wake.write, &byte, 1)
    }

    /// Kept, because `allCases` makes an array each time, and every statement that logs asks.
    private static let levels = Logger.Level.allCases

    private static func code(_ level: Logger.Level) -> UInt8 {
        switch level {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }
}
