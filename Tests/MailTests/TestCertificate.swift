import GatehouseTesting
import Glibc

/// A self-signed certificate for 127.0.0.1 in a folder that goes with this object.
final class TestCertificate: Sendable {
    private let folder: TestFolder

    var certificate: String { "\(folder.path)/certificate.pem" }
    var key: String { "\(folder.path)/key.pem" }

    init() throws {
        folder = try TestFolder()
        try ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
            "-keyout", key, "-out", certificate,
        ])
    }
}
