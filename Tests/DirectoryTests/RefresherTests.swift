import FoundationEssentials
import Logging
import NIOCore
import Postgres
import Synchronization
import Testing

@testable import Directory
@testable import Events

@Suite("Directories follow events", .timeLimit(.minutes(5)))
struct RefresherTests {
    private struct Away: Error {}

    private func event(_ kind: Event.Kind, of tenant: UUID, about subject: UUID? = nil) -> Event {
        Event(
            kind: kind, id: 1, tenant: tenant, subject: subject, payload: "{}",
            createdAt: Date(timeIntervalSince1970: 0))
    }

    @Test("what could not be read is read later, with what changed meanwhile, and nothing else")
    func retries() async throws {
        let (one, other, third) = (UUID(), UUID(), UUID())
        let asked = Mutex<[DirectoryExtent]>([])
        let (loads, continuation) = AsyncStream<Int>.makeStream()
        let refresher = DirectoryRefresher(
            [.tenantChanged, .keysChanged], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { extent in
            let count = asked.withLock { asked in
                asked.append(extent)
                return asked.count
            }
            continuation.yield(count)
            if count == 1 { throw Away() }
        }
        refresher.apply(event(.userChanged, of: third))
        // Made by somebody of another tenant.
        refresher.apply(event(.tenantChanged, of: third, about: one))
        let running = Task { try await refresher.run() }
        var arrived = loads.makeAsyncIterator()
        _ = await arrived.next()
        refresher.apply(event(.keysChanged, of: other))
        while !asked.withLock({ $0.contains { $0.union(.tenants([other])) == $0 } }) { _ = await arrived.next() }
        refresher.request()
        while await arrived.next() != nil, asked.withLock({ $0.last }) != .everything {}
        running.cancel()
        _ = try? await running.value
        let extents = asked.withLock { $0 }
        #expect(extents.first == .tenants([one]))
        let between = extents.dropFirst().dropLast().reduce(DirectoryExtent.tenants([])) { $0.union($1) }
        #expect(between == .tenants([one, other]))
        #expect(extents.last == .everything)
    }

    @Test("of loads side by side the one that began later counts, whichever ends first")
    func order() {
        let (one, other) = (UUID(), UUID())
        var order = LoadOrder()
        let (part, complete, later, latest) = (order.begin(), order.begin(), order.begin(), order.begin())
        let admittedLater = order.admit([one], by: later)
        #expect(admittedLater == Set([one]))
        let overtaken = order.admit([one, other], by: part)
        #expect(overtaken == Set([other]))
        #expect(order.isLater(one, than: complete))
        #expect(!order.isLater(other, than: complete))
        let kept = order.admit(complete: complete)
        #expect(kept == Set([one]), "the other was read earlier")
        let again = order.admit([other], by: part)
        #expect(again.isEmpty)
        let newest = order.admit(complete: latest)
        #expect(newest?.isEmpty == true)
        let former = order.admit(complete: complete)
        #expect(former == nil, "all of it was read later")
    }

    @Test("many tenants are all of them")
    func extents() {
        let some = DirectoryExtent.tenants(Set((0..<600).map { _ in UUID() }))
        let others = DirectoryExtent.tenants(Set((0..<600).map { _ in UUID() }))
        #expect(some.union(some) == some)
        #expect(some.union(others) == .everything)
        #expect(some.union(.everything) == .everything)
        #expect(DirectoryExtent.everything.union(some) == .everything)
    }

    @Test("a tenant's unknown keys have its keys read once a second, and leave others their turn")
    func unknownKeys() {
        let postgres = PostgresClient(
            configuration: PostgresConfiguration(connectionString: "host=127.0.0.1 port=1"),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let keys = KeyDirectory(postgres: postgres)
        let (tenant, now) = (UUID(), NIODeadline.now())
        #expect(keys.mayReload(tenant, now: now))
        #expect(!keys.mayReload(tenant, now: now + .milliseconds(999)))
        #expect((0..<15).allSatisfy { _ in keys.mayReload(UUID(), now: now + .milliseconds(500)) })
        #expect(!keys.mayReload(UUID(), now: now + .milliseconds(500)))
        #expect(keys.mayReload(tenant, now: now + .seconds(1)))
    }
}
