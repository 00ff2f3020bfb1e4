import GatehouseTesting
import Glibc
import Testing

@Suite("The public ports", .timeLimit(.minutes(3)))
struct PublicProtocolTests {
    @Test("TLS stands beside the plain port, HTTP/2 is spoken on both, and a login passes either way")
    func protocols() async throws {
        let folder = "/tmp/gatehouse-public-\(getpid())"
        let (key, certificate) = ("\(folder)/tls.key", "\(folder)/tls.crt")
        try ChildProcess.run([
            "sh", "-c",
            "mkdir -m 700 \(folder) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                + "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout \(key) -out \(certificate) "
                + "&& chmod 600 \(key)",
        ])
        defer { _ = try? ChildProcess.run(["rm", "-r", folder]) }
        let port = try FreePort.take(1)[0]
        let suite = try RunningSuite(settings: [
            "TLS_CERTIFICATE_FILE=\(certificate)", "TLS_KEY_FILE=\(key)", "TLS_PORT=\(port)", "PUBLIC_H2C=true",
        ])
        let person = try Person(suite)
        func login(_ arguments: String...) throws -> String {
            try ChildProcess.run(
                [
                    "curl", "-s", "-S", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", "--cacert",
                    certificate, "-d", "username=\(person.name)&password=correct+horse+7+battery",
                ] + arguments)
        }
        #expect(try login("--http2", "https://localhost:\(port)/login") == "200 2")
        #expect(try login("--http1.1", "https://localhost:\(port)/login") == "200 1.1")
        let plain = "http://127.0.0.1:\(suite.gateway.port)/login"
        #expect(try login("--http2-prior-knowledge", plain) == "200 2")
        #expect(try login("--http1.1", plain) == "200 1.1")
        // What belongs to HTTP/1.1 alone, or speaks for a process, goes nowhere here either.
        let forged = try ChildProcess.run([
            "curl", "-s", "-S", "-o", "/dev/null", "-w", "%{http_code}", "--http2-prior-knowledge", "-H",
            "x-gatehouse-subject: 01a1fc9e-84d8-7645-8692-33a9a14d6967",
            "http://127.0.0.1:\(suite.gateway.port)/api/v1/auth/me",
        ])
        #expect(forged == "401")
    }
}
