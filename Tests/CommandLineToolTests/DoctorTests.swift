import Testing

@testable import CommandLineTool

@Suite("What the doctor sees")
struct DoctorTests {
    private static let date = "Sat, 21 Nov 2026 14:00:00 GMT"
    private static let noon = 1_795_269_600

    private func findings(
        _ url: String = "http://localhost:8080", tenant: String? = nil, now: Int = noon, health: APIAnswer? = nil,
        issuer: String = "http://localhost:8080", keys: String = #"{"keys":[{}]}"#
    ) throws -> [Finding] {
        let well = #"{"status":"ok","checks":{},"services":{"identity":{"status":"ok","checks":{}}}}"#
        let health = health ?? APIAnswer(200, well, headers: [("date", Self.date)])
        let transport = FakeTransport { request in
            switch request.path {
            case "/health": health
            case "/.well-known/jwks.json": APIAnswer(200, keys)
            default: APIAnswer(200, #"{"issuer":"\#(issuer)"}"#)
            }
        }
        return RemoteChecks(site: try .example(url, tenant: tenant), transport: transport, now: { now }).findings()
    }

    private func problems(_ findings: [Finding]) -> [String] {
        findings.filter { $0.state == .problem }.map(\.subject)
    }

    @Test("nothing is wrong where nothing is")
    func well() throws {
        let findings = try findings()
        #expect(findings.map(\.subject) == ["address", "clock", "gateway", "identity", "issuer", "keys"])
        #expect(findings.allSatisfy { $0.state == .ok })
    }

    @Test(
        "clocks may be five seconds apart, and no more",
        arguments: [(5, true), (-5, true), (-6, false), (7, false), (3600, false)])
    func clocks(ahead: Int, isWell: Bool) throws {
        #expect(try problems(findings(now: Self.noon + ahead)) == (isWell ? [] : ["clock"]))
    }

    @Test("an issuer of another address is told with both")
    func issuer() throws {
        let findings = try findings(issuer: "http://127.0.0.1:8080")
        #expect(problems(findings) == ["issuer"])
        #expect(
            findings.contains {
                $0.detail.contains("http://127.0.0.1:8080") && $0.detail.contains("http://localhost:8080")
            })
        #expect(try problems(self.findings(tenant: "acme", issuer: "http://localhost:8080/t/acme")) == [])
        #expect(try problems(self.findings(issuer: "http://localhost:8080/t/acme")) == ["issuer"])
    }

    @Test("a service that is away, or does without something, is told with what it says")
    func services() throws {
        let body = #"""
            {"status":"unavailable","checks":{"redis":{"status":"degraded","reason":"away"}},
            "services":{"identity":{"status":"ok","checks":{}},"token":{"status":"unreachable"}}}
            """#
        let findings = try findings(health: APIAnswer(503, body, headers: [("date", Self.date)]))
        #expect(problems(findings) == ["gateway", "token"])
        #expect(findings.contains { $0.detail == "gateway is unavailable (redis is degraded: away)." })
    }

    @Test("something else at the address is told as that")
    func foreign() throws {
        #expect(try problems(findings(health: APIAnswer(200, "<html>"))) == ["health"])
    }

    @Test("an address without encryption is wrong, but for this machine's own")
    func encryption() throws {
        #expect(try problems(findings("http://a.example", issuer: "http://a.example")) == ["address"])
        #expect(try problems(findings("https://a.example", issuer: "https://a.example")) == [])
    }

    @Test("without published keys nobody can verify tokens")
    func keys() throws {
        #expect(try problems(findings(keys: #"{"keys":[]}"#)) == ["keys"])
    }

    @Test("an address that leads nowhere is all there is to say")
    func nowhere() throws {
        let transport = FakeTransport { _ throws(Failure) in throw .unreachable("nobody is there") }
        let findings = RemoteChecks(site: try .example(), transport: transport).findings()
        #expect(findings == [.problem("address", "nobody is there.")])
    }
}
