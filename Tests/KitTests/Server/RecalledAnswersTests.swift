import Domain
import FoundationEssentials
import HTTPFields
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import Kit

@Suite("Answers that are at hand")
struct RecalledAnswersTests {
    private struct Nothing: ResponseContent {
        static let example = Nothing()
        func write(to fields: inout some FieldSink) {}
    }

    private static let tenant = "0198c7a0-0000-7000-8000-00000000000a"
    private static let user = "0198C7A0-0000-7000-8000-00000000000B"
    private static let session = "0198c7a0-0000-7000-8000-00000000000c"
    private static let revoked = "0198c7a0-0000-7000-8000-00000000000d"

    private static let ordinary = [
        (":method", "GET"), (":path", "/me"), ("x-gatehouse-key", "secret"), ("x-gatehouse-tenant", tenant),
        ("x-gatehouse-subject", user), ("x-gatehouse-session", session), ("x-gatehouse-client", "app"),
        ("x-gatehouse-epoch", "3"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
        ("user-agent", "curl"),
    ]

    /// Says which tenant, user and organization it is asked for.
    private static func answers(recordsTraces: Bool = true) -> RecalledAnswers {
        let operations = ["/me", "/you"].map { path in
            Route(.get, path, id: "read\(path)", tag: "x", summary: "x", access: .bearer)
                .answer(Nothing.self) { _ in Response(status: .ok) }
                .recalling { caller in
                    let organization = caller.organization?.text ?? "none"
                    return ByteBuffer(string: "\(path) \(caller.tenant.text) \(caller.user.text) \(organization)")
                }
        }
        return RecalledAnswers(
            operations, OperationMetricsTable(operations), internalKey: InternalKey("secret"),
            recordsTraces: recordsTraces
        ) { $0.session?.text == Self.revoked || $0.epoch < 3 }
    }

    private static func block(_ fields: [(String, String)]) -> HeaderBlock {
        var block = HeaderBlock()
        for (name, value) in fields { block.append(name, value) }
        return block
    }

    private static func changed(_ name: String, _ value: String?) -> HeaderBlock {
        block(ordinary.compactMap { $0.0 == name ? value.map { (name, $0) } : $0 })
    }

    @Test("an ordinary request is answered for whom it is from", arguments: [true, false])
    func ordinary(recordsTraces: Bool) {
        let answers = Self.answers(recordsTraces: recordsTraces)
        let user = Self.user.lowercased()
        #expect(
            answers.body(for: Self.block(Self.ordinary)).map { String(buffer: $0) } == "/me \(Self.tenant) \(user) none"
        )
        let member = Self.block(Self.ordinary + [("x-gatehouse-organization", Self.session)])
        #expect(answers.body(for: member).map { String(buffer: $0) } == "/me \(Self.tenant) \(user) \(Self.session)")
        let other = answers.body(for: Self.changed(":path", "/you"))
        #expect(other.map { String(buffer: $0) }?.hasPrefix("/you ") == true)
    }

    @Test(
        "whatever is out of the ordinary is left to the responder",
        arguments: [
            (":method", "POST"), (":method", "HEAD"), (":path", "/me?x=1"), (":path", "/me/"), (":path", "/m"),
            ("x-gatehouse-key", "secreT"), ("x-gatehouse-key", ""), ("x-gatehouse-key", nil),
            ("x-gatehouse-tenant", nil),
            ("x-gatehouse-tenant", "default"), ("x-gatehouse-subject", nil), ("x-gatehouse-subject", "client"),
            ("x-gatehouse-session", nil), ("x-gatehouse-session", revoked), ("x-gatehouse-client", nil),
            ("x-gatehouse-epoch", "2"), ("x-gatehouse-epoch", nil), ("x-gatehouse-epoch", "x"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("traceparent", "x"),
        ] as [(String, String?)])
    func others(_ name: String, _ value: String?) {
        #expect(Self.answers().body(for: Self.changed(name, value)) == nil)
    }

    @Test(
        "so is a request with a field that decides more than this looks at",
        arguments: [
            ("cache-control", "no-cache"), ("x-gatehouse-permissions", "1 a:b"), ("x-gatehouse-subject", user),
            ("x-gatehouse-tenant", tenant), ("x-gatehouse-organization", "mine"),
        ])
    func further(_ name: String, _ value: String) {
        #expect(Self.answers().body(for: Self.block(Self.ordinary + [(name, value)])) == nil)
    }

    @Test("a recorded trace matters only where traces are recorded")
    func traces() {
        let sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        #expect(Self.answers(recordsTraces: false).body(for: Self.changed("traceparent", sampled)) != nil)
    }
}
