import NIOCore
import Testing

@testable import Postgres

@Suite("Parts without a server")
struct PureTests {
    @Test("secrets are taken out of messages, the longer ones first")
    func redaction() {
        let redaction = Redaction(secrets: ["pw", "host=a password=pw", ""])
        #expect(redaction.apply("bad: host=a password=pw\nand pw again") == "bad: ***; and *** again")
    }

    @Test("a password given apart is used and does not show")
    func passwordApart() throws {
        let configuration = PostgresConfiguration(
            connectionString: "postgresql://u@h1,h2/db?options=-cfoo.bar%3D1&target_session_attrs=primary",
            password: "p w")
        let parameters = try ConnectionParameters(configuration)
        let server = parameters.servers[1]
        let settings = Dictionary(uniqueKeysWithValues: zip(server.keywords, server.values))
        #expect(settings["password"] == "p w")
        #expect(settings["host"] == "h2")
        #expect(settings["target_session_attrs"] == "primary")
        #expect(settings["options"]?.hasPrefix("-cfoo.bar=1 -c statement_timeout=3000") == true)
        #expect(parameters.redaction.apply("no p w here") == "no *** here")
    }

    @Test("statements lost are prepared under new names, once for each loss")
    func preparedNames() {
        let statement = PostgresStatement("s", [], "select 1").definition
        var prepared = PreparedStatements()
        let first = prepared.add(statement)
        #expect(first.serverName == "s")
        prepared.forgetAll(epoch: first.epoch)
        #expect(prepared.entry(for: statement) == nil)
        let second = prepared.add(statement)
        #expect(second.serverName == "s~1")
        // Others that were under way report the same loss: it is known already.
        prepared.forgetAll(epoch: first.epoch)
        #expect(prepared.entry(for: statement)?.serverName == "s~1")
        prepared.remove(statement, first, error: nil)
        #expect(prepared.entry(for: statement) != nil)
        prepared.remove(statement, second, error: nil)
        #expect(prepared.entry(for: statement) == nil)
    }

    @Test("a statement's absence is explained by what became of preparing it")
    func absence() {
        let statement = PostgresStatement("s", [], "select 1").definition
        var prepared = PreparedStatements()
        let entry = prepared.add(statement)
        guard case .lost = prepared.absence(of: entry) else {
            Issue.record("not explained")
            return
        }
        prepared.remove(statement, entry, error: PostgresServerError(sqlState: "42P01", message: ""))
        guard case .refused(let error) = prepared.absence(of: entry) else {
            Issue.record("not explained")
            return
        }
        #expect(error.kind == .undefinedTable)
        prepared.remove(statement, entry, error: nil)
        guard case .skipped = prepared.absence(of: entry) else {
            Issue.record("not explained")
            return
        }
        prepared.confirm(entry)
        guard case .lost = prepared.absence(of: entry) else {
            Issue.record("not explained")
            return
        }
    }

    @Test("units leave the queue in order, the expired by the other door")
    func queue() {
        let now = NIODeadline.now()
        func unit(_ offset: TimeAmount) -> Unit {
            Unit(kind: .standalone, scope: .unscoped, steps: [], deadline: now + offset, loop: nil)
        }
        let late = unit(.seconds(-1))
        let first = unit(.seconds(1))
        let second = unit(.seconds(2))
        var queue = UnitQueue()
        for unit in [late, first, second] { queue.append(unit) }
        #expect(queue.nextExpiry == late.deadline)
        var expired: [Unit] = []
        #expect(queue.first(now: now, expire: { expired.append($0) }) === first)
        #expect(expired.count == 1 && expired[0] === late)
        queue.removeExpired(now: now + .milliseconds(1500)) { expired.append($0) }
        #expect(expired.count == 2 && expired[1] === first)
        #expect(queue.count == 1 && queue.nextExpiry == second.deadline)
        #expect(queue.first(now: now, expire: { _ in }) === second)
    }
}
