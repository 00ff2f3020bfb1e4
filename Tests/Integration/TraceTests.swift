import FoundationEssentials
import GatehouseTesting
import Glibc
import Kit
import Testing

@Suite("Traces", .timeLimit(.minutes(3)))
struct TraceTests {
    private typealias Span = TraceReceiver.Span

    @Test("a login through the gateway is one trace across three processes, and holds nothing secret")
    func login() async throws {
        let receiver = try TraceReceiver()
        let suite = try RunningSuite(settings: [
            "OTEL_EXPORTER_OTLP_ENDPOINT=\(receiver.address)", "OTEL_BSP_SCHEDULE_DELAY=50", "RATE_LIMITS=on",
            "OTEL_EXPORTER_OTLP_HEADERS=x-collector-key=open%20sesame", "OTEL_RESOURCE_ATTRIBUTES=site=here",
        ])
        let person = try Person(suite)
        let (trace, caller) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
        let tokens = try person.login(headers: ["traceparent: 00-\(trace)-\(caller)-01"])
        let other = "33333333333333333333333333333333"
        _ = try suite.send(
            "GET", "/api/v1/auth/verify-email?token=veryhidden", headers: ["traceparent: 00-\(other)-\(caller)-01"])
        let unrecorded = "11111111111111111111111111111111"
        _ = try person.login(headers: ["traceparent: 00-\(unrecorded)-\(caller)-00"])

        func spans() throws -> [Span] { try receiver.spans().filter { $0.trace == trace } }
        // The gateway's own span is over last, and each process sends its spans apart.
        try await eventually {
            let names = try spans().map { "\($0.service) \($0.kind)" }
            return names.contains("gatehouse-gateway SPAN_KIND_SERVER")
                && names.contains("gatehouse-identity SPAN_KIND_SERVER")
                && names.contains("gatehouse-token SPAN_KIND_SERVER")
        }
        try await eventually {
            try receiver.spans().contains { $0.trace == other && $0.service == "gatehouse-identity" }
        }
        let all = try spans()
        func one(_ service: String, _ kind: String, _ name: String) throws -> Span {
            let found = all.filter {
                $0.service == "gatehouse-\(service)" && $0.kind == "SPAN_KIND_\(kind)" && $0.name == name
            }
            #expect(found.count == 1, "\(service) \(kind) \(name)")
            return try #require(found.first)
        }
        let gateway = try one("gateway", "SERVER", "POST /api/v1/auth/login")
        let limit = try one("gateway", "CLIENT", "EVALSHA rate_limit")
        let asked = try one("gateway", "CLIENT", "POST identity")
        let identity = try one("identity", "SERVER", "POST /api/v1/auth/login")
        let hash = try one("identity", "INTERNAL", "password hash")
        let opens = try one("identity", "CLIENT", "POST token")
        let token = try one("token", "SERVER", "POST /internal/sessions")
        #expect(gateway.parent == caller)
        #expect(limit.parent == gateway.id)
        #expect(asked.parent == gateway.id)
        #expect(identity.parent == asked.id)
        #expect(hash.parent == identity.id)
        #expect(opens.parent == identity.id)
        #expect(token.parent == opens.id)
        for (service, parent) in [("identity", identity), ("token", token)] {
            let statements = all.filter {
                $0.service == "gatehouse-\(service)" && $0.attributes["db.system.name"]?.description == "postgresql"
            }
            #expect(statements.contains { $0.parent == parent.id }, "\(service)")
        }
        #expect(gateway.attributes["http.request.method"]?.description == "POST")
        #expect(gateway.attributes["http.route"]?.description == "/api/v1/auth/login")
        #expect(gateway.attributes["http.response.status_code"]?.description == "200")
        #expect(asked.attributes["server.address"]?.description == "identity")
        #expect(identity.attributes["gatehouse.request_id"] == gateway.attributes["gatehouse.request_id"])
        #expect(gateway.status == "STATUS_CODE_UNSET")
        #expect(gateway.resource["service.version"] == Version.current)
        #expect(gateway.resource["site"] == "here")
        #expect(gateway.key == "open sesame")
        #expect(all.allSatisfy { $0.nanoseconds >= 0 && $0.nanoseconds <= gateway.nanoseconds || $0.parent == caller })
        #expect(hash.begun >= identity.begun)
        #expect(try receiver.spans().allSatisfy { $0.trace != unrecorded })

        let text = receiver.text()
        for secret in [person.password, person.email, person.name, tokens.access, tokens.refresh, "veryhidden"] {
            #expect(!text.contains(secret))
        }
        #expect(try !suite.logs().contains("open sesame"))
    }

    @Test("the part of traces that a sampler takes begins at the gateway and holds for all processes")
    func sampled() async throws {
        let receiver = try TraceReceiver()
        let suite = try RunningSuite(settings: [
            "OTEL_EXPORTER_OTLP_ENDPOINT=\(receiver.address)", "OTEL_BSP_SCHEDULE_DELAY=50",
            "OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.5",
        ])
        // By the sampler's rule the first of these is taken and the second is not, whatever the caller says.
        let (low, high) = ("22222222222222220000000000000001", "2222222222222222fffffffffffffff1")
        for trace in [high, low] {
            #expect(
                try suite.send(
                    "GET", "/api/v1/auth/verify-email", headers: ["traceparent: 00-\(trace)-00f067aa0ba902b7-01"]
                ).status == 200)
        }
        try await eventually {
            try receiver.spans().contains { $0.trace == low && $0.service == "gatehouse-identity" }
        }
        #expect(try receiver.spans().allSatisfy { $0.trace != high })
    }

    @Test("a collector that hangs holds up nothing: what finds no room is dropped and counted")
    func hanging() async throws {
        // It takes connections and says nothing.
        let port = try LoopbackListener.start { connection in
            var byte: UInt8 = 0
            while read(connection, &byte, 1) > 0 {}
        }
        let suite = try RunningSuite(settings: [
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:\(port)/v1/traces",
            "OTEL_BSP_MAX_QUEUE_SIZE=8", "OTEL_BSP_SCHEDULE_DELAY=20", "OTEL_EXPORTER_OTLP_TIMEOUT=1000",
        ])
        let person = try Person(suite)
        for _ in 0..<5 { _ = try person.login() }
        func count(_ outcome: String) throws -> Double {
            try suite.expositions().values.reduce(0) {
                $0 + ($1["gatehouse_spans_total{outcome=\"\(outcome)\"}"] ?? 0)
            }
        }
        try await eventually { try count("failed") > 0 && count("dropped") > 0 }
        #expect(try count("exported") == 0)
        #expect(try person.attempt().status == 200)
        #expect(try suite.logs().contains("spans can't be sent"))
    }
}
