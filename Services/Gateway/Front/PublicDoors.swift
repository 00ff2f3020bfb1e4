import HummingbirdCore
import Kit
import Logging
import NIOCore
import ServiceLifecycle

/// The public ports: a plain one and, where there is a certificate, one with TLS.
struct PublicDoors: Service {
    private let servers: [ListeningServer]

    init(
        _ loops: GatewayLoops, _ values: ConfigurationValues, _ certificates: CertificateStore?,
        _ group: any EventLoopGroup, _ logger: Logger
    ) {
        func server(_ setting: Setting<Int>, _ channel: GatewayChannel) -> ListeningServer {
            let port = values[setting]
            let server = Server(
                childChannelSetup: channel,
                configuration: .init(address: .hostname(values[CommonSettings.host], port: port)),
                eventLoopGroup: group, logger: logger)
            return ListeningServer(server: server, port: port, setting: setting.name)
        }
        let plain = GatewayChannel(loops: loops, takesPlainHTTP2: values[GatewaySettings.plainHTTP2])
        var servers = [server(GatewaySettings.port, plain)]
        if let certificates {
            servers.append(server(GatewaySettings.tlsPort, GatewayChannel(loops: loops, certificates: certificates)))
        }
        self.servers = servers
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { try await server.run() } }
            try await group.waitForAll()
        }
    }

    /// The certificate that the settings name, when they name one.
    /// - Throws: `ConfigurationProblems` that name the setting.
    static func certificates(
        _ values: ConfigurationValues, _ logger: Logger
    ) throws(ConfigurationProblems) -> CertificateStore? {
        let (certificateName, keyName) = (GatewaySettings.tlsCertificate.name, GatewaySettings.tlsKey.name)
        switch (values[GatewaySettings.tlsCertificate], values[GatewaySettings.tlsKey]) {
        case (nil, nil): return nil
        case (.some, nil): throw ConfigurationProblems([.init(keyName, "is needed beside \(certificateName)")])
        case (nil, .some): throw ConfigurationProblems([.init(certificateName, "is needed beside \(keyName)")])
        case (.some(let certificate), .some(let key)):
            do throws(CertificateStore.Fault) {
                return try CertificateStore(
                    certificateFile: certificate, keyFile: key, protocols: GatewayChannel.protocols, logger: logger)
            } catch {
                throw ConfigurationProblems([.init(error.concernsKey ? keyName : certificateName, error.reason)])
            }
        }
    }
}
