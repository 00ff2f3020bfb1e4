import Logging
import Metrics
import NIOPosix
import Synchronization
public import ServiceLifecycle
public import Spans

/// The recording of traces and their sending to a collector; there is none where no collector is named.
public struct Tracing: Service {
    /// Where spans that are over go.
    public let recorder: SpanRecorder
    /// Which traces are recorded.
    public let sampler: TraceSampler
    let request: TraceExportRequest
    let transport: TraceTransport
    let batch: Int
    let delay: Duration
    /// Milliseconds that the collector may take when the process ends.
    private static let patience = 2000

    let metrics: TraceMetrics
    let logger: Logger

    /// Sends spans in batches until shutdown, then what is left.
    public func run() async throws {
        // A collector that hangs holds up this one thread and nothing else.
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: delay)
                        recorder.wake()
                    }
                }
                group.addTask {
                    var isAway = false
                    for await _ in recorder.signals { await send(by: transport, on: thread, &isAway) }
                }
            }
        }
        // In a task of its own: this one may be cancelled, and the call would be with it.
        var last = transport
        last.timeout = min(transport.timeout, Self.patience)
        await Task { [last] in
            var isAway = false
            await send(by: last, on: thread, &isAway)
        }.value
        try await thread.shutdownGracefully()
    }

    /// Sends all that waits; after a failure the rest stays for the next time.
    private func send(by transport: TraceTransport, on thread: NIOThreadPool, _ isAway: inout Bool) async {
        while true {
            let spans = recorder.take(batch)
            metrics.recordDropped(recorder.droppedCount)
            guard !spans.isEmpty else { return }
            let request = request
            var failure: String?
            do {
                failure = try await thread.runIfActive { transport.post(request.encode(spans)) }
            } catch {
                failure = "the process is about to end"
            }
            guard let reason = failure else {
                metrics.exported.increment(by: spans.count)
                if isAway { logger.notice("the collector of traces takes spans again") }
                isAway = false
                continue
            }
            metrics.failed.increment(by: spans.count)
            if !isAway { logger.warning("spans can't be sent", metadata: ["reason": "\(reason)"]) }
            isAway = true
            return
        }
    }
}

/// What became of spans.
final class TraceMetrics: Sendable {
    let exported = counter("exported")
    /// The collector did not take them.
    let failed = counter("failed")
    private let dropped = counter("dropped")
    private let known = Atomic(0)

    private static func counter(_ outcome: String) -> Counter {
        Counter(label: "gatehouse_spans_total", dimensions: [("outcome", outcome)])
    }

    /// - Parameter count: How many were dropped since the start.
    func recordDropped(_ count: Int) {
        dropped.increment(by: count - known.exchange(count, ordering: .relaxed))
    }
}
