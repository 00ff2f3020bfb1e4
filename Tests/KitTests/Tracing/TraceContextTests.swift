import Kit
import Logging
import Testing

@Suite("W3C trace context")
struct TraceContextTests {
    static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    static let span = "00f067aa0ba902b7"

    @Test(
        "headers that begin a new trace",
        arguments: [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-0", "00-\(trace)-\(span)-011",
            "00-\(trace)-\(span)-01-x",
            "ff-\(trace)-\(span)-01", "0g-\(trace)-\(span)-01", "00-00000000000000000000000000000000-\(span)-01",
            "00-\(trace)-0000000000000000-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-\(span)-01",
            "00-\(trace)-\(span)-0G", "00_\(trace)-\(span)-01", "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01",
            " 00-\(trace)-\(span)-01", "01-\(trace)-\(span)-01x", "01-\(trace)-\(span)-01.more",
            "00-\(trace)-\(span)-é", "00-\(trace)-\(span)-01\r\n",
        ])
    func invalid(header: String) {
        #expect(TraceParent(header) == nil)
    }

    @Test(
        "headers that continue a trace",
        arguments: [
            ("00-\(trace)-\(span)-01", true), ("00-\(trace)-\(span)-00", false), ("00-\(trace)-\(span)-ff", true),
            ("00-\(trace)-\(span)-02", false), ("01-\(trace)-\(span)-01", true),
            ("cc-\(trace)-\(span)-01-what-follows", true),
            ("fe-\(trace)-\(span)-00-", false),
        ])
    func valid(header: String, isSampled: Bool) throws {
        let parent = try #require(TraceParent(header))
        #expect(parent.traceID.description == Self.trace)
        #expect(parent.spanID.description == Self.span)
        #expect(parent.isSampled == isSampled)
        // What goes out is version 00 with no flag but "sampled".
        #expect(parent.description == "00-\(Self.trace)-\(Self.span)-\(isSampled ? "01" : "00")")
        let bytes = Array(header.utf8)
        #expect(bytes.withUnsafeBytes { TraceParent($0) } == parent)
        #expect(TraceParent(bytes.span) == parent)
    }

    @Test("a continued trace keeps its id and state and gets a span of its own")
    func continuing() throws {
        let identifiers = IdentifierSource(seed: 1)
        let parent = try #require(TraceParent("00-\(Self.trace)-\(Self.span)-01"))
        let context = TraceContext(continuing: parent, state: "a=1,b=2", identifiers)
        #expect(context.traceID == parent.traceID)
        #expect(context.parentSpanID == parent.spanID)
        #expect(context.spanID != parent.spanID)
        #expect(context.isSampled)
        #expect(context.state == "a=1,b=2")

        let child = context.child(identifiers)
        #expect(child.parentSpanID == context.spanID)
        #expect(child.spanID != context.spanID)
        #expect(child.traceID == context.traceID)
        #expect(child.state == context.state)
        #expect(child.parent.description == "00-\(Self.trace)-\(child.spanID)-01")
    }

    @Test("a trace that begins here drops the state that came without a parent")
    func beginning() {
        let identifiers = IdentifierSource(seed: 1)
        let context = TraceContext(continuing: nil, state: "a=1", identifiers)
        #expect(context.state.isEmpty)
        #expect(context.parentSpanID == nil)
        #expect(!context.isSampled)
        #expect(TraceContext(continuing: nil, samplesNew: true, identifiers).isSampled)
        #expect(TraceParent(context.parent.description) == context.parent)
        #expect(context.metadata["trace_id"] == "\(context.traceID)")
    }

    @Test("ids of ever the same seed are ever the same, and never repeat")
    func identifiers() {
        let source = IdentifierSource(seed: 42)
        let other = IdentifierSource(seed: 42)
        var seen: Set<UInt64> = []
        for _ in 0..<10_000 {
            let value = source.next()
            #expect(value != 0 && value == other.next())
            seen.insert(value)
        }
        #expect(seen.count == 10_000)
        #expect(IdentifierSource().next() != IdentifierSource().next())
    }

    @Test("the generator yields the published SplitMix64 sequence")
    func splitMix() {
        let source = IdentifierSource(seed: 1_234_567)
        #expect(source.next() == 6_457_827_717_110_365_317)
        #expect(source.next() == 3_203_168_211_198_807_973)
        #expect(source.next() == 9_817_491_932_198_370_423)
    }

    @Test("ids made by many tasks at once are all different")
    func concurrentIdentifiers() async {
        let source = IdentifierSource()
        let all = await withTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<8 { group.addTask { (0..<2_000).map { _ in source.next() } } }
            return await group.reduce(into: Set<UInt64>()) { $0.formUnion($1) }
        }
        #expect(all.count == 16_000)
    }
}

@Suite("tracestate is passed on within limits")
struct TraceStateTests {
    @Test(
        "short and clean values pass as they are",
        arguments: ["", "a=1", "a=1, b=2", "tenant@vendor=x/y", "a=" + String(repeating: "x", count: 510)])
    func unchanged(text: String) {
        #expect(TraceState.accepted(text) == text)
    }

    @Test(
        "a byte that no header may hold drops all of it",
        arguments: ["a=1\r\nSet-Cookie: x", "a=\u{0}", "a=é", "a=\u{7F}"])
    func refused(text: String) {
        #expect(TraceState.accepted(text) == "")
    }

    @Test("of a long value the first members are kept, those beyond 128 bytes left out")
    func cut() {
        let long = "long=" + String(repeating: "x", count: 200)
        let members = (0..<30).map { "key\($0)=" + String(repeating: "v", count: 30) }
        let accepted = TraceState.accepted(([members[0], long] + members[1...]).joined(separator: ","))
        #expect(accepted.utf8.count <= 512)
        #expect(!accepted.contains("long"))
        let kept = accepted.split(separator: ",").map(String.init)
        #expect(kept.count > 10)
        #expect(kept == Array(members.prefix(kept.count)))
    }

    @Test("no more than 32 members are passed on")
    func members() {
        let text = (0..<40).map { "a\($0)=1" }.joined(separator: ",")
        #expect(TraceState.accepted(text).split(separator: ",").count == 32)
    }
}

@Suite("Request ids")
struct RequestIDTests {
    @Test(
        "an inbound id of the allowed form is kept",
        arguments: ["a", "A-b_c.9", String(repeating: "x", count: 64), "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"])
    func accepted(text: String) {
        #expect(RequestID(inbound: text)?.text == text)
        #expect(Array(text.utf8).withUnsafeBytes { RequestID(inbound: $0) }?.text == text)
        #expect(RequestID.accepting(text, IdentifierSource(seed: 1)).text == text)
    }

    @Test(
        "any other is replaced",
        arguments: [
            "", String(repeating: "x", count: 65), "a b", "a\r\nSet-Cookie: x", "é", "a\u{0}", "a/b", "\u{1B}[31m",
            "a%0d%0a",
        ])
    func replaced(text: String) {
        #expect(RequestID(inbound: text) == nil)
        #expect(Array(text.utf8).withUnsafeBytes { RequestID(inbound: $0) } == nil)
        let made = RequestID.accepting(text, IdentifierSource(seed: 1))
        #expect(made.text.utf8.count == 13)
        #expect(RequestID(inbound: made.text) == made)
    }

    @Test("new ids differ")
    func different() {
        let identifiers = IdentifierSource()
        #expect(Set((0..<1000).map { _ in RequestID(identifiers).text }).count == 1000)
        #expect(RequestID.accepting(nil, identifiers) != RequestID.accepting(nil, identifiers))
    }
}
