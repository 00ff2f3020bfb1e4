import GatehouseTesting
import Kit
import Testing

@Suite("What a tenant's mails say", .timeLimit(.minutes(2)))
struct MailTextTests {
    @Test("a tenant's own words go out until they are taken away, and to nobody else")
    func own() async throws {
        let suite = try SharedSuite.get()
        let (tenant, other) = (try await suite.tenant(), try await suite.tenant())
        let path = "/api/v1/admin/tenants/\(tenant.id)/mail-texts"
        let bearer = try suite.superuser()
        func send(_ method: String, _ kind: String, _ body: String? = nil) throws -> PlainHTTP.Answer {
            try suite.send(method, "\(path)/\(kind)", body, bearer: bearer)
        }
        let words = #"{"subject":"Welcome to {{tenant}}","body":"Open this:\n{{link}}\n"}"#
        #expect(try send("PUT", "verify_email", words).status == 200)
        #expect(try suite.send("GET", path, bearer: bearer).body.contains("Welcome to {{tenant}}"))

        let (here, there) = (try Person(suite, tenant: tenant.slug), try Person(suite, tenant: other.slug))
        let token = try await suite.mailedToken(to: here.email, about: "Welcome to Tenant \(tenant.slug)")
        let proof = #"{"token":"\#(token)"}"#
        #expect(try suite.post("/api/v1/auth/verify-email", proof, tenant: tenant.slug).status == 204)
        _ = try await suite.mailedToken(to: there.email, about: "confirm your e-mail address")

        #expect(try send("DELETE", "verify_email").status == 204)
        #expect(try send("DELETE", "verify_email").status == 404)
        let later = try Person(suite, tenant: tenant.slug)
        _ = try await suite.mailedToken(to: later.email, about: "confirm your e-mail address")
        let told = try suite.sql(
            "select count(*) from audit_log where tenant_id = '\(tenant.id)' and action = 'tenant.mail_text_changed'")
        #expect(told == "2")
    }

    @Test("words that no mail can be made of are refused, field by field")
    func refused() async throws {
        let suite = try SharedSuite.get()
        let path = "/api/v1/admin/tenants/\(try await suite.tenant().id)/mail-texts"
        let bearer = try suite.superuser()
        let both = try suite.send(
            "PUT", path + "/reset_password", #"{"subject":"{{link}}","body":"{{nonsense}}"}"#, bearer: bearer)
        #expect(both.status == 422)
        for part in [#""pointer":"/subject""#, #""pointer":"/body""#, "{{nonsense}}"] {
            #expect(both.body.contains(part), "\(both.body)")
        }
        let lines = try suite.send(
            "PUT", path + "/reset_password", #"{"subject":"a\r\nBcc: b@example.com","body":"{{link}}"}"#,
            bearer: bearer)
        #expect(lines.status == 422)
        let unknown = try suite.send(
            "PUT", path + "/birthday", #"{"subject":"a","body":"b"}"#, bearer: bearer)
        #expect(unknown.status == 404)
    }
}
