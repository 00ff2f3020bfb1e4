import NIOConcurrencyHelpers
import Synchronization

/// Keeps spans that are over until they are exported. Never waits: what finds it full is dropped and counted.
public final class SpanRecorder: Sendable {
    /// How many spans may wait.
    public let capacity: Int
    private let batch: Int
    private let waiting = NIOLockedValueBox<[SpanRecord]>([])
    private let dropped = Atomic(0)
    private let makeID: @Sendable () -> UInt64
    private let signal: AsyncStream<Void>.Continuation

    /// Yields when there is a batch to export.
    public let signals: AsyncStream<Void>

    /// A recorder.
    /// - Parameters:
    ///   - capacity: How many spans may wait.
    ///   - batch: With how many waiting it asks for an export.
    ///   - makeID: Makes ids, never 0.
    public init(capacity: Int, batch: Int, makeID: @escaping @Sendable () -> UInt64) {
        self.capacity = capacity
        self.batch = batch
        self.makeID = makeID
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Spans that were dropped because too many waited.
    public var droppedCount: Int { dropped.load(ordering: .relaxed) }

    /// Spans that wait.
    public var count: Int { waiting.withLockedValue { $0.count } }

    /// Asks for an export of what waits.
    public func wake() { signal.yield() }

    /// Takes up to `limit` spans out, the oldest first.
    public func take(_ limit: Int) -> [SpanRecord] {
        waiting.withLockedValue { waiting in
            let taken = Array(waiting.prefix(limit))
            waiting.removeFirst(taken.count)
            return taken
        }
    }

    func record(_ span: SpanRecord) {
        let (isKept, isDue) = waiting.withLockedValue { waiting in
            guard waiting.count < capacity else { return (false, false) }
            waiting.append(span)
            return (true, waiting.count == batch)
        }
        if !isKept { dropped.wrappingAdd(1, ordering: .relaxed) }
        if isDue { signal.yield() }
    }

    func nextID() -> UInt64 { makeID() }
}
