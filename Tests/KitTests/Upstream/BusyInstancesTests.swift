import NIOCore
import NIOPosix
import Testing

@testable import Kit

@Suite("Instances without room", .timeLimit(.minutes(5)))
struct BusyInstancesTests {
    private static let login = UpstreamPool.Work(method: "POST", path: "/login")
    private static let profile = UpstreamPool.Work(method: "GET", path: "/me")

    /// Runs `body` with one event loop's pool, which has a connection to each of so many instances.
    private func withPool(
        of count: Int = 2, limit: Int = 1000, _ body: @escaping @Sendable (UpstreamPool) throws -> Void
    ) async throws {
        try await withUpstream(Array(repeating: .never, count: count), limit: limit) { test in
            let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
            while try await eventLoop.submit({ test.upstream.pool(on: eventLoop).connectedCount }).get() < count {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await eventLoop.submit { try body(test.upstream.pool(on: eventLoop)) }.get()
        }
    }

    /// Those that a hundred requests would go to.
    private static func chosen(_ pool: UpstreamPool, for work: UpstreamPool.Work) -> Set<ObjectIdentifier> {
        Set((0..<100).compactMap { _ in pool.connection(for: work).map(ObjectIdentifier.init) })
    }

    @Test("work goes to those that have room for it, other work to all")
    func others() async throws {
        try await withPool { pool in
            let busy = try #require(pool.connection())
            pool.note(busy, isBusyWith: Self.login, until: .now() + .hours(1))
            let chosen = Self.chosen(pool, for: Self.login)
            #expect(chosen.count == 1 && !chosen.contains(ObjectIdentifier(busy)))
            #expect(Self.chosen(pool, for: Self.profile).count == 2)
            #expect(!pool.hasNoRoom(for: Self.login))
        }
    }

    @Test("when none has room there is none for that work, and only that, until the time is over")
    func none() async throws {
        try await withPool { pool in
            let end = NIODeadline.now() + .hours(1)
            for _ in 0..<2 {
                pool.note(try #require(pool.connection(for: Self.login)), isBusyWith: Self.login, until: end)
            }
            #expect(pool.hasNoRoom(for: Self.login))
            #expect(!pool.hasNoRoom(for: Self.profile))
            // What has come so far is sent nevertheless.
            #expect(pool.connection(for: Self.login) != nil)
            #expect(!pool.hasNoRoom(for: Self.login, at: end))
            #expect(!pool.hasNoRoom(for: Self.login), "forgotten")
        }
    }

    @Test("one whose streams are all in use is not taken for busy with what was not asked of it")
    func full() async throws {
        try await withPool(of: 1, limit: 1) { pool in
            let connection = try #require(pool.connection())
            pool.note(connection, isBusyWith: Self.login, until: .now() + .hours(1))
            _ = try Nobody.asks(on: connection)
            #expect(pool.connection() == nil)
            #expect(!pool.hasNoRoom(for: Self.profile))
        }
    }
}
