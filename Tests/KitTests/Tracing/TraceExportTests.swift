import NIOCore
import Spans
import Testing

@testable import Kit

@Suite("Traces that are sent")
struct TraceExportTests {
    private static func recorder(_ capacity: Int, batch: Int = 512) -> SpanRecorder {
        let identifiers = IdentifierSource(seed: 1)
        return SpanRecorder(capacity: capacity, batch: batch) { identifiers.next() }
    }

    private static func place(_ recorder: SpanRecorder) -> SpanContext {
        SpanContext(traceHigh: 1, traceLow: 2, span: 3, recorder: recorder)
    }

    @Test("a span says of whom it is a part, and what it was")
    func span() throws {
        let recorder = Self.recorder(4)
        var outer = Self.place(recorder).begin("outer", .server, id: 7)
        var inner = outer.context.begin("inner", .client)
        inner.set("count", 0)
        inner.fail("gone")
        inner.end()
        outer.rename("other")
        outer.set("text", "a")
        outer.end()
        let spans = recorder.take(9)
        #expect(spans.map(\.name) == ["inner", "other"])
        #expect(spans.map(\.parent) == [7, 3])
        #expect(spans[1].id == 7)
        #expect(spans.allSatisfy { $0.traceHigh == 1 && $0.traceLow == 2 && $0.end >= $0.start })
        #expect(
            spans[0].attributes
                == [.init(name: "count", value: .number(0)), .init(name: "error.type", value: .text("gone"))])
        #expect(spans.map(\.isError) == [true, false])
        #expect(recorder.count == 0)
    }

    @Test("what finds no room is dropped and counted")
    func bounded() {
        let recorder = Self.recorder(2)
        for _ in 0..<5 { Self.place(recorder).begin("x", .inner).end() }
        #expect(recorder.count == 2)
        #expect(recorder.droppedCount == 3)
        #expect(recorder.take(1).count == 1)
        Self.place(recorder).begin("x", .inner).end()
        #expect(recorder.droppedCount == 3)
    }

    @Test("an export is asked for when a batch waits, not before")
    func signal() async {
        let recorder = Self.recorder(9, batch: 3)
        for _ in 0..<3 { Self.place(recorder).begin("x", .inner).end() }
        for await _ in recorder.signals { break }
        #expect(recorder.take(9).count == 3)
    }

    @Test("varints, fixed numbers and nested messages as protobuf.dev writes them")
    func encoding() {
        var writer = ProtobufWriter()
        writer.varint(1, 150)
        writer.varint(2, 0)
        writer.required(2, 0)
        writer.text(2, "testing")
        writer.message(3) { $0.varint(1, 150) }
        writer.fixed32(16, 1)
        writer.fixed64(7, 0x0102_0304_0506_0708)
        writer.identifier(4, 0x0102_0304_0506_0708)
        let hexadecimal: [UInt8] = [
            0x08, 0x96, 0x01, 0x10, 0x00, 0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67, 0x1A, 0x03, 0x08, 0x96,
            0x01, 0x85, 0x01, 1, 0, 0, 0, 0x39, 8, 7, 6, 5, 4, 3, 2, 1, 0x22, 8, 1, 2, 3, 4, 5, 6, 7, 8,
        ]
        #expect(writer.bytes == hexadecimal)
    }

    @Test("samplers decide as their names say")
    func samplers() throws {
        let low = try #require(TraceID(high: 9, low: 1))
        let high = try #require(TraceID(high: 9, low: .max))
        func parent(_ isSampled: Bool) throws -> TraceParent {
            TraceParent(traceID: low, spanID: try #require(SpanID(1)), isSampled: isSampled)
        }
        let (yes, no) = (try parent(true), try parent(false))
        func decisions(_ kind: TraceSampler.Kind, _ ratio: Double = 1) -> [Bool] {
            let sampler = TraceSampler(kind, ratio: ratio)
            return [
                sampler.records(low, parent: nil), sampler.records(high, parent: nil),
                sampler.records(high, parent: yes),
                sampler.records(low, parent: no),
            ]
        }
        #expect(decisions(.alwaysOn) == [true, true, true, true])
        #expect(decisions(.alwaysOff) == [false, false, false, false])
        #expect(decisions(.ratio, 0.5) == [true, false, false, true])
        #expect(decisions(.ratio, 0) == [false, false, false, false])
        #expect(decisions(.ratio, 1) == [true, true, true, true])
        #expect(decisions(.parentAlwaysOn) == [true, true, true, false])
        #expect(decisions(.parentAlwaysOff) == [false, false, true, false])
        #expect(decisions(.parentRatio, 0.5) == [true, false, true, false])
    }
}
