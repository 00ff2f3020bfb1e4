import GatehouseTesting
import Glibc
import Logging
import NIOCore
import Testing

@testable import Gateway

extension FrontTests {
    @Suite("TLS", .timeLimit(.minutes(2)))
    struct TLSTests {
        private func curl(_ front: TestFront, _ files: CertificateFiles, _ arguments: String...) throws -> String {
            try ChildProcess.run(
                ["curl", "-s", "-S", "--cacert", files.certificate, "-w", " %{http_code} %{http_version}"] + arguments
                    + ["https://localhost:\(front.port)/bulk/source?3"])
        }

        /// What openssl says of a handshake; it fails when there is none.
        private func handshake(_ front: TestFront, _ arguments: String...) throws -> String {
            try ChildProcess.run(
                ["timeout", "10", "openssl", "s_client", "-connect", "127.0.0.1:\(front.port)"] + arguments)
        }

        @Test("HTTP/2 and HTTP/1.1 are agreed on by ALPN, and HTTP/1.1 is spoken with who names nothing")
        func negotiation() async throws {
            let files = try CertificateFiles()
            try await withFront(certificates: files.store()) { (front: TestFront) throws in
                #expect(try curl(front, files, "--http2") == "aaa 200 2")
                #expect(try curl(front, files, "--http1.1") == "aaa 200 1.1")
                #expect(try curl(front, files, "--no-alpn") == "aaa 200 1.1")
                #expect(try handshake(front, "-alpn", "h2").contains("ALPN protocol: h2"))
            }
        }

        @Test("TLS 1.2 and 1.3 are spoken, and nothing older")
        func versions() async throws {
            let files = try CertificateFiles()
            try await withFront(certificates: files.store()) { (front: TestFront) throws in
                #expect(try handshake(front, "-tls1_3").contains("TLSv1.3"))
                #expect(try handshake(front, "-tls1_2").contains("TLSv1.2"))
                for version in ["-tls1_1", "-tls1"] {
                    let text = Result { try handshake(front, version, "-cipher", "DEFAULT@SECLEVEL=0") }
                    #expect(throws: ChildProcess.Failure.self) { try text.get() }
                }
            }
        }

        @Test("a handshake that does not go on is cut")
        func stalledHandshake() async throws {
            let files = try CertificateFiles()
            try await withFront(limits: LimitTests.short, certificates: files.store()) { (front: TestFront) throws in
                let silent = try RawConnection(port: front.port)
                let start = NIODeadline.now()
                #expect(silent.isClosed(within: 5))
                #expect(NIODeadline.now() - start < .seconds(2))
                // The same for one that has begun: the head of a record that does not come.
                let begun = try RawConnection(port: front.port)
                _ = begun.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
                #expect(begun.isClosed(within: 5))
                #expect(try curl(front, files, "--http2") == "aaa 200 2")
            }
        }

        @Test("a certificate that was replaced is shown to new connections; a bad pair is not taken")
        func reload() async throws {
            let files = try CertificateFiles(name: "first")
            let store = try files.store()
            try await withFront(certificates: store) { (front: TestFront) throws in
                let watcher = Task { try await store.run() }
                defer { watcher.cancel() }
                #expect(try handshake(front).contains("CN = first"))
                try files.make("second")
                while try !handshake(front).contains("CN = second") { pause(milliseconds: 20) }
                // A key that is another certificate's.
                let others = try CertificateFiles(name: "third")
                try ChildProcess.run(["cp", others.key, files.key])
                pause(milliseconds: 200)
                #expect(try handshake(front).contains("CN = second"))
                try ChildProcess.run(["cp", others.certificate, files.certificate])
                while try !handshake(front).contains("CN = third") { pause(milliseconds: 20) }
                #expect(try curl(front, files, "--http2") == "aaa 200 2")
            }
        }

        @Test("a pair that can't be used is refused with the reason, and nothing of it is quoted")
        func faults() throws {
            let files = try CertificateFiles()
            chmod(files.key, 0o644)
            #expect(throws: CertificateStore.Fault.self) { try files.store() }
            #expect(fault(files)?.contains("is open to every user") == true)
            chmod(files.key, 0o600)
            let others = try CertificateFiles()
            try ChildProcess.run(["cp", others.key, files.key])
            #expect(fault(files)?.contains("the key is not the certificate's") == true)
            try ChildProcess.run(["cp", files.certificate, files.key])
            #expect(fault(files)?.contains("no private key") == true)
            try ChildProcess.run(["cp", others.key, files.certificate])
            #expect(fault(files)?.contains("no certificate") == true)
            try ChildProcess.run(["rm", files.certificate])
            #expect(fault(files)?.contains("there is no such file") == true)
        }

        private func fault(_ files: CertificateFiles) -> String? {
            do throws(CertificateStore.Fault) {
                _ = try CertificateStore(
                    certificateFile: files.certificate, keyFile: files.key, protocols: ["h2"],
                    logger: .init(label: "test"))
                return nil
            } catch {
                return error.description
            }
        }
    }
}
