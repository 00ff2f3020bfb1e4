import Spans

/// Spans as OTLP sends them: `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`.
struct TraceExportRequest {
    /// What is running, for all spans alike.
    let resource: [SpanRecord.Attribute]

    func encode(_ spans: [SpanRecord]) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.message(1) { writer in
            writer.message(1) { writer in
                for attribute in resource { Self.write(attribute, 1, &writer) }
            }
            writer.message(2) { writer in
                writer.message(1) { writer in
                    writer.text(1, "gatehouse")
                    writer.text(2, Version.current)
                }
                for span in spans { writer.message(2) { Self.write(span, &$0) } }
            }
        }
        return writer.bytes
    }

    private static func write(_ span: SpanRecord, _ writer: inout ProtobufWriter) {
        writer.identifier(1, span.traceHigh, span.traceLow)
        writer.identifier(2, span.id)
        if span.parent != 0 { writer.identifier(4, span.parent) }
        writer.text(5, span.name)
        writer.varint(6, kind(span.kind))
        writer.fixed64(7, span.start)
        writer.fixed64(8, span.end)
        for attribute in span.attributes { write(attribute, 9, &writer) }
        // STATUS_CODE_ERROR; a span without a status went as it should.
        if span.isError { writer.message(15) { $0.varint(3, 2) } }
        // The flags of W3C trace context: sampled.
        writer.fixed32(16, 1)
    }

    private static func write(_ attribute: SpanRecord.Attribute, _ field: Int, _ writer: inout ProtobufWriter) {
        writer.message(field) { writer in
            writer.text(1, attribute.name)
            writer.message(2) { writer in
                switch attribute.value {
                case .text(let text): writer.text(1, text)
                // One of several alternatives is written even when it is 0.
                case .number(let number): writer.required(3, UInt64(bitPattern: Int64(number)))
                }
            }
        }
    }

    private static func kind(_ kind: SpanRecord.Kind) -> UInt64 {
        switch kind {
        case .inner: 1
        case .server: 2
        case .client: 3
        }
    }
}
