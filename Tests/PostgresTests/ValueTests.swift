import FoundationEssentials
import GatehouseTesting
import Postgres
import Testing

@Suite("Values", .timeLimit(.minutes(5)))
struct ValueTests {
    /// A statement that returns its only parameter.
    private static func echo(_ type: PostgresType, _ sqlType: String) -> PostgresStatement {
        PostgresStatement("echo_\(sqlType)", [type], "select $1::\(sqlType) as value")
    }

    private func roundTrip<T: PostgresDecodable & Sendable & Equatable>(
        _ values: [T], _ type: PostgresType, _ sqlType: String, _ make: @Sendable (T) -> PostgresValue,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await withClient(to: SharedServer.get()) { client in
            let statement = Self.echo(type, sqlType)
            for value in values {
                let rows = try await client.query(statement, [make(value)])
                #expect(try rows[0].decode(0, as: T.self) == value, sourceLocation: sourceLocation)
                #expect(try rows[0].decode("value", as: T?.self) == value, sourceLocation: sourceLocation)
            }
            let null = try await client.query(statement, [.null])
            #expect(try null[0].decode(0, as: T?.self) == nil, sourceLocation: sourceLocation)
            #expect(
                await failure { () throws(PostgresError) in try null[0].decode(0, as: T.self) } != nil,
                sourceLocation: sourceLocation)
        }
    }

    @Test("booleans come back as sent")
    func bool() async throws {
        try await roundTrip([true, false], .bool, "bool", PostgresValue.bool)
        try await roundTrip([[], [true, false]], .boolArray, "bool[]", PostgresValue.boolArray)
    }

    @Test("integers come back as sent, extremes included")
    func integers() async throws {
        try await roundTrip([0, .min, .max], .int2, "int2", PostgresValue.int2)
        try await roundTrip([0, .min, .max], .int4, "int4", PostgresValue.int4)
        try await roundTrip([0, .min, .max], .int8, "int8", PostgresValue.int8)
        try await roundTrip([[], [1, .min, .max]], .int4Array, "int4[]", PostgresValue.int4Array)
        try await roundTrip([[], [1, .min, .max]], .int8Array, "int8[]", PostgresValue.int8Array)
    }

    @Test("floating point comes back bit for bit")
    func float() async throws {
        let values = [0, -0.1, .pi, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
        try await roundTrip(values, .float8, "float8", PostgresValue.float8)
    }

    @Test("text comes back as sent: empty, quotes, many scripts, long")
    func text() async throws {
        let values = [
            "", "it's", "naïve Ω 日本語 👩‍👩‍👧 \u{0}".replacing("\u{0}", with: ""), String(repeating: "ж", count: 100_000),
        ]
        try await roundTrip(values, .text, "text", PostgresValue.text)
        try await roundTrip([[], ["", "a,b", "{\"}", "日本", "NULL"]], .textArray, "text[]", PostgresValue.textArray)
    }

    @Test("UUIDs come back as sent")
    func uuid() async throws {
        let values = [UUID(), UUID()]
        try await roundTrip(values, .uuid, "uuid", PostgresValue.uuid)
        try await roundTrip([[], values], .uuidArray, "uuid[]", PostgresValue.uuidArray)
    }

    @Test("times come back to the microsecond")
    func time() async throws {
        let values = [0, 1_700_000_000.123456, -1, 946_684_800, 4_102_444_800.5].map { Date(timeIntervalSince1970: $0) }
        try await withClient(to: SharedServer.get()) { client in
            for value in values {
                let rows = try await client.query(Self.echo(.timestamptz, "timestamptz"), [.timestamptz(value)])
                let difference = try rows[0].decode(0, as: Date.self).timeIntervalSince(value)
                #expect(abs(difference) < 0.000_001)
            }
            let statement = PostgresStatement("time_array", [.timestamptzArray], "select $1")
            let rows = try await client.query(statement, [.timestamptzArray(values)])
            #expect(try rows[0].decode(0, as: [Date].self).count == values.count)
            let fixed = PostgresStatement(
                "time_fixed", [],
                "select timestamptz '2001-01-01 00:00:00Z', timestamptz 'infinity', timestamptz '-infinity'")
            let row = try #require(try await client.query(fixed).first)
            #expect(try row.decode(0) == Date(timeIntervalSinceReferenceDate: 0))
            #expect(try row.decode(1) == Date.distantFuture)
            #expect(try row.decode(2) == Date.distantPast)
        }
    }

    @Test("bytes come back as sent, empty and with every value")
    func bytes() async throws {
        try await roundTrip([[], Array(0...255), [0, 0]], .bytea, "bytea", PostgresValue.bytea)
    }

    @Test("JSON arrives parsed and comes back as text")
    func json() async throws {
        try await withClient(to: SharedServer.get()) { client in
            let statement = PostgresStatement("json", [.jsonb], "select $1 ->> 'ключ', $1, $1::json")
            let row = try #require(try await client.query(statement, [.jsonb(#"{"ключ": "знач\u0065ние"}"#)]).first)
            #expect(try row.decode(0, as: String.self) == "значeние")
            #expect(try row.decode(1, as: String.self) == #"{"ключ": "значeние"}"#)
            #expect(try row.decode(2, as: String.self) == #"{"ключ": "значeние"}"#)
            let error = await failure { () throws(PostgresError) in try await client.query(statement, [.jsonb("{")]) }
            #expect(error?.serverError?.kind == .invalidValue)
        }
    }

    @Test(
        "network addresses come back in canonical form",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("10.0.0.0/8", "10.0.0.0/8"), ("2001:DB8::1", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8::/32"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ])
    func inet(sent: String, received: String) async throws {
        try await withClient(to: SharedServer.get()) { client in
            let rows = try await client.query(Self.echo(.inet, "inet"), [.inet(sent)])
            #expect(try rows[0].decode(0, as: String.self) == received)
        }
    }

    @Test("enumerations and domains are read as text")
    func enumerations() async throws {
        let server = try SharedServer.get()
        try server.execute("create type mood as enum ('well', 'unwell'); create domain label as text")
        try await withClient(to: server) { client in
            let statement = PostgresStatement("mood", [.text], "select $1::mood, 'x'::label")
            let row = try #require(try await client.query(statement, [.text("unwell")]).first)
            #expect(try row.decode(0, as: String.self) == "unwell")
            #expect(try row.decode(1, as: String.self) == "x")
        }
    }

    @Test("narrow integers widen, wide ones do not narrow")
    func widening() async throws {
        try await withClient(to: SharedServer.get()) { client in
            let statement = PostgresStatement("widths", [], "select 1::int2, 2::int4, 3::int8, 1.5::float4")
            let row = try #require(try await client.query(statement).first)
            #expect(try row.decode(0, as: Int.self) == 1)
            #expect(try row.decode(1, as: Int.self) == 2)
            #expect(try row.decode(2, as: Int.self) == 3)
            #expect(try row.decode(0, as: Int32.self) == 1)
            #expect(try row.decode(3, as: Double.self) == 1.5)
            #expect(throws: PostgresError.self) { try row.decode(2, as: Int32.self) }
            #expect(throws: PostgresError.self) { try row.decode(1, as: Int16.self) }
        }
    }

    @Test("a column read as the wrong type, beyond the row or by an unknown name is an error naming it")
    func mismatches() async throws {
        try await withClient(to: SharedServer.get()) { client in
            let rows = try await client.query(
                PostgresStatement("mismatch", [], "select 1 as one, array[null, 'a'] as list"))
            let row = rows[0]
            for error in [
                await failure { () throws(PostgresError) in try row.decode(0, as: String.self) },
                await failure { () throws(PostgresError) in try row.decode("one", as: UUID.self) },
                await failure { () throws(PostgresError) in try row.decode("one", as: [String].self) },
            ] {
                guard case .decoding(column: "one", _) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
            #expect(throws: PostgresError.self) { try row.decode(2, as: Int.self) }
            #expect(throws: PostgresError.self) { try row.decode("two", as: Int.self) }
            #expect(throws: PostgresError.self) { try row.decode("list", as: [String].self) }
            #expect(try row.decode("list", as: [String?].self) == [nil, "a"])
        }
    }

    @Test("parameters of the wrong number or type never leave the process")
    func parameters() async throws {
        try await withClient(to: SharedServer.get()) { client in
            let statement = PostgresStatement("checked", [.int4, .text, .inet], "select $1, $2, $3")
            let cases: [([PostgresValue], Int, PostgresType?)] = [
                ([.int8(1), .text("a"), .null], 0, .int4),
                ([.int4(1), .jsonb("1"), .null], 1, .text),
                ([.int4(1)], 1, .text),
                ([.null, .null, .null, .null], 3, nil),
                ([.null, .null, .inet("10.0.0.1\u{0}/8")], 2, .inet),
            ]
            for (values, index, expected) in cases {
                let error = await failure { () throws(PostgresError) in try await client.query(statement, values) }
                #expect(error == .invalidParameter(statement: "checked", index: index, expected: expected))
            }
        }
    }

    @Test("optional values become null or themselves")
    func optionals() {
        #expect(PostgresValue.optional(nil as String?) == .null)
        #expect(PostgresValue.optional("a" as String?) == .text("a"))
        #expect(PostgresValue.optional(5 as Int64?) == .int8(5))
        #expect(PostgresValue.optional("10.0.0.1", PostgresValue.inet) == .inet("10.0.0.1"))
    }

    @Test("the count of affected rows comes from the command")
    func affected() async throws {
        let server = try SharedServer.get()
        try server.execute("create table counted (id int primary key)")
        try await withClient(to: server) { client in
            let insert = PostgresStatement("count_insert", [.int4Array], "insert into counted select unnest($1)")
            #expect(try await client.query(insert, [.int4Array([1, 2, 3])]).affected == 3)
            let delete = PostgresStatement("count_delete", [.int4], "delete from counted where id > $1 returning id")
            let deleted = try await client.query(delete, [.int4(1)])
            #expect(deleted.affected == 2)
            #expect(try deleted.map { try $0.decode(0, as: Int.self) }.sorted() == [2, 3])
            #expect(try await client.query(delete, [.int4(1)]).isEmpty)
        }
    }
}
