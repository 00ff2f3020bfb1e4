import Kit
import Logging
import NIOConcurrencyHelpers
import NIOSSL
import ServiceLifecycle

/// The certificate that the TLS port shows, and its key; read anew when their files change.
///
/// Connections that are open keep what they began with.
final class CertificateStore: Sendable, Service {
    /// Why a pair of files can't be used; names the file, quotes nothing of it.
    struct Fault: Error, Equatable, CustomStringConvertible {
        /// Whether it lies in the key's file.
        let concernsKey: Bool
        let reason: String

        var description: String { reason }
    }

    private struct State {
        var context: NIOSSLContext
        var files: Files
    }

    /// What stands in the files. A pair that was refused is remembered, so that it is told of once.
    private struct Files: Equatable {
        var certificate: String
        var key: String
    }

    private let certificateFile: String
    private let keyFile: String
    private let protocols: [String]
    private let interval: Duration
    private let logger: Logger
    private let state: NIOLockedValueBox<State>
    private let lastFault = NIOLockedValueBox<Fault?>(nil)

    /// Reads the pair.
    /// - Parameters:
    ///   - protocols: What the port speaks, as ALPN names it, the preferred first.
    ///   - interval: How often the files are looked at.
    init(
        certificateFile: String, keyFile: String, protocols: [String], interval: Duration = .seconds(5), logger: Logger
    ) throws(Fault) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.protocols = protocols
        self.interval = interval
        self.logger = logger
        let files = try Self.read(certificateFile, keyFile)
        state = NIOLockedValueBox(State(context: try Self.context(files, protocols), files: files))
    }

    /// What a new connection uses.
    var context: NIOSSLContext { state.withLockedValue { $0.context } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: self.interval)
                self.reload()
            }
        }
    }

    /// Takes the pair as it is now, when it has changed; a bad one is told of, and the one before stays.
    func reload() {
        do throws(Fault) {
            let files = try Self.read(certificateFile, keyFile)
            guard state.withLockedValue({ $0.files != files }) else { return lastFault.withLockedValue { $0 = nil } }
            let context = try Self.context(files, protocols)
            state.withLockedValue { $0 = State(context: context, files: files) }
            lastFault.withLockedValue { $0 = nil }
            logger.info("certificate read anew", metadata: ["file": "\(certificateFile)"])
        } catch {
            let isNew = lastFault.withLockedValue { last in
                defer { last = error }
                return last != error
            }
            guard isNew else { return }
            logger.error("certificate not usable, the one before stays", metadata: ["reason": "\(error)"])
        }
    }

    private static func read(_ certificateFile: String, _ keyFile: String) throws(Fault) -> Files {
        Files(
            certificate: try text(certificateFile, isKey: false), key: try text(keyFile, isKey: true))
    }

    private static func text(_ file: String, isKey: Bool) throws(Fault) -> String {
        do throws(SettingFault) {
            return try SecretFile.read(file, isSecret: isKey)
        } catch {
            throw Fault(concernsKey: isKey, reason: "the file \(file) \(error.reason)")
        }
    }

    private static func context(_ files: Files, _ protocols: [String]) throws(Fault) -> NIOSSLContext {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(Array(files.certificate.utf8)), !chain.isEmpty else {
            throw Fault(concernsKey: false, reason: "the certificate's file holds no certificate in PEM")
        }
        guard let key = try? NIOSSLPrivateKey(bytes: Array(files.key.utf8), format: .pem) else {
            throw Fault(concernsKey: true, reason: "the key's file holds no private key in PEM without a password")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Fault(concernsKey: true, reason: "the key is not the certificate's, or of a kind TLS doesn't take")
        }
    }
}
