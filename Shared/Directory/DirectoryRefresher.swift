public import Events
import NIOConcurrencyHelpers
public import Logging
public import ServiceLifecycle

/// Loads what a directory holds again when an event says that it changed: of the tenants that it changed for.
///
/// Events that arrive together lead to one load; one that arrives during a load leads to another after it.
public final class DirectoryRefresher: Sendable, Service {
    private let kinds: Set<Event.Kind>
    private let load: @Sendable (DirectoryExtent) async throws -> Void
    private let logger: Logger
    private let due = NIOLockedValueBox<DirectoryExtent?>(nil)
    private let signal: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// A refresher that calls `load` after events of those kinds.
    public init(
        _ kinds: Set<Event.Kind>, logger: Logger, load: @escaping @Sendable (DirectoryExtent) async throws -> Void
    ) {
        self.kinds = kinds
        self.load = load
        self.logger = logger
        (signal, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes in an event.
    public func apply(_ event: Event) {
        guard kinds.contains(event.kind) else { return }
        // One about a tenant may be another's: of whoever made it.
        let about = event.kind == .tenantChanged ? event.subject : nil
        ask(for: .tenants([about ?? event.tenant]))
    }

    /// Asks for a load of everything without an event, such as when events may be lost.
    public func request() { ask(for: .everything) }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.signal {
                while !Task.isCancelled, let extent = self.due.withLockedValue({ $0.take() }) {
                    do {
                        try await self.load(extent)
                    } catch {
                        self.logger.debug("directory not refreshed", metadata: ["error": "\(error)"])
                        self.note(extent)
                        try? await Task.sleep(for: .milliseconds(200))
                    }
                }
            }
        }
    }

    private func ask(for extent: DirectoryExtent) {
        note(extent)
        continuation.yield()
    }

    private func note(_ extent: DirectoryExtent) {
        due.withLockedValue { $0 = $0?.union(extent) ?? extent }
    }
}
