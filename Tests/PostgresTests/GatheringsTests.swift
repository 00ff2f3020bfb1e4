import FoundationEssentials
import NIOCore
import Testing

@testable import Postgres

@Suite("Who goes when, of those that go together")
struct GatheringsTests {
    private static let statement = PostgresGatheredStatement(
        one: PostgresStatement("one", [.uuid], "select 1"), many: PostgresStatement("many", [.uuidArray], "select 1"))
    private let now = NIODeadline.now()
    private var gatherings = Gatherings(patience: .milliseconds(20))

    private func unit(standingFor members: [Unit] = []) throws -> Unit {
        let step = try EncodedStep(Self.statement.one, [.uuid(UUID())])
        return Unit(
            kind: .standalone, scope: .unscoped, steps: [step], gathered: Self.statement, members: members,
            deadline: now + .seconds(10), createdAt: now, loop: nil)
    }

    private mutating func arrive(_ count: Int) throws {
        for _ in 0..<count { gatherings.append(try unit()) }
    }

    /// Sends those whose turn it is.
    private mutating func send(at time: NIODeadline) throws -> Unit? {
        let found = gatherings.next(
            now: time, expire: { _ in Issue.record("expired") }, alone: { _ in Issue.record("alone") })
        guard let members = found else { return nil }
        let sent = members.count == 1 ? members[0] : try unit(standingFor: members)
        sent.sentAt = time
        gatherings.begin(sent)
        return sent
    }

    @Test("two that come one by one go side by side, the third waits")
    mutating func oneByOne() throws {
        try arrive(1)
        let first = try #require(try send(at: now))
        #expect(first.members.isEmpty)
        try arrive(1)
        #expect(try send(at: now) != nil)
        try arrive(1)
        #expect(try send(at: now) == nil)
        gatherings.end(first)
        #expect(try send(at: now) != nil)
    }

    @Test("behind several that went together all gather, until those are answered")
    mutating func behindSeveral() throws {
        try arrive(3)
        let several = try #require(try send(at: now))
        #expect(several.members.count == 3)
        for count in 1...5 {
            try arrive(1)
            #expect(try send(at: now) == nil, "number \(count) did not wait")
        }
        gatherings.end(several)
        #expect(try send(at: now)?.members.count == 5)
    }

    @Test("what is under way for long holds nobody up")
    mutating func late() throws {
        try arrive(3)
        _ = try send(at: now)
        try arrive(2)
        #expect(gatherings.nextEvent(now: now) == now + .milliseconds(20))
        #expect(try send(at: now + .milliseconds(19)) == nil)
        #expect(try send(at: now + .milliseconds(20))?.members.count == 2)
    }

    @Test("beside one that goes alone several may go, and then nobody")
    mutating func besideOne() throws {
        try arrive(1)
        let one = try #require(try send(at: now))
        try arrive(2)
        let two = try #require(try send(at: now))
        #expect(two.members.count == 2)
        try arrive(1)
        #expect(try send(at: now) == nil)
        gatherings.end(one)
        #expect(try send(at: now) == nil)
        gatherings.end(two)
        #expect(try send(at: now) != nil)
    }

    @Test("as many as may go together wait for nobody, but for two that are under way")
    mutating func full() throws {
        try arrive(2)
        _ = try send(at: now)
        try arrive(PostgresGatheredStatement.limit - 1)
        #expect(try send(at: now) == nil)
        try arrive(1)
        #expect(try send(at: now)?.members.count == PostgresGatheredStatement.limit)
        try arrive(PostgresGatheredStatement.limit)
        #expect(try send(at: now) == nil)
    }
}
