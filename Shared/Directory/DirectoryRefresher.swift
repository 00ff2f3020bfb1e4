public import Events
public import Logging
import NIOConcurrencyHelpers
public import ServiceLifecycle

/// Loads what a directory holds again when an event says that it changed.
///
/// Events that arrive together lead to one load; one that arrives during a load leads to another after it.
public final class DirectoryRefresher: Sendable, Service {
    private let kinds: Set<Event.Kind>
    private let load: @Sendable () async throws -> Void
    private let logger: Logger
    private let signal: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// A refresher that calls `load` after events of those kinds.
    public init(_ kinds: Set<Event.Kind>, logger: Logger, load: @escaping @Sendable () async throws -> Void) {
        self.kinds = kinds
        self.load = load
        self.logger = logger
        (signal, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes in an event.
    public func apply(_ event: Event) {
        if kinds.contains(event.kind) { continuation.yield() }
    }

    /// Asks for a load without an event, such as when a key is met that isn't known.
    public func request() { continuation.yield() }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.signal {
                while !Task.isCancelled {
                    do {
                        try await self.load()
                        break
                    } catch {
                        self.logger.debug("directory not refreshed", metadata: ["error": "\(error)"])
                        try? await Task.sleep(for: .milliseconds(200))
                    }
                }
            }
        }
    }
}
