import GatehouseTesting
import Glibc
import Logging

@testable import Gateway

/// A certificate and its key in a folder of their own, made by openssl.
final class CertificateFiles {
    let folder: String
    var certificate: String { "\(folder)/tls.crt" }
    var key: String { "\(folder)/tls.key" }

    init(name: String = "localhost") throws {
        var template = Array("/tmp/gatehouse-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw ChildProcess.Failure("no folder") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try make(name)
    }

    deinit { _ = try? ChildProcess.run(["rm", "-r", folder]) }

    /// Puts a new pair in the place of the one that is there.
    func make(_ name: String) throws {
        try ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
            certificate,
        ])
        chmod(key, 0o600)
    }

    /// A store of the pair.
    func store(interval: Duration = .milliseconds(50), _ logger: Logger? = nil) throws -> CertificateStore {
        try CertificateStore(
            certificateFile: certificate, keyFile: key, protocols: GatewayChannel.protocols, interval: interval,
            logger: logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}
