import Kit
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A service of the operator's, which the gateway stands before: where its instances are now.
///
/// Connections are each event loop's own (`OperatorPool`); they look here for what has changed.
final class OperatorUpstream: Sendable {
    /// What the route table says of it.
    struct Settings: Sendable, Equatable {
        let name: String
        /// Of `http`, all with the same path.
        let urls: [BaseURL]
        /// The most connections of an event loop to an instance.
        var connections = 64
        var connectTimeout = TimeAmount.seconds(2)
        /// Requests of an event loop that may wait for a connection.
        var queue = 1024

        /// What stands before the path of each request; empty, or begins with a slash and ends without one.
        var path: String { urls.first?.path ?? "" }
    }

    /// One of the addresses that its URLs stand for.
    struct Instance: Sendable, Hashable {
        let address: SocketAddress
        /// Host and port as the URL names them, for `Host`.
        let authority: String
    }

    /// What is known of it now.
    struct Snapshot: Sendable {
        var instances: [Instance] = []
        /// Grows with each change.
        var generation = 0
        /// Whether it is no longer in the route table.
        var isRetired = false
    }

    let settings: Settings
    private let lookUp: @Sendable (HostPort) -> [SocketAddress]
    private let state = NIOLockedValueBox(Snapshot())

    /// - Parameter lookUp: Finds the addresses of a name; it may block.
    init(_ settings: Settings, lookUp: @escaping @Sendable (HostPort) -> [SocketAddress] = { $0.resolve() }) {
        self.settings = settings
        self.lookUp = lookUp
    }

    var snapshot: Snapshot { state.withLockedValue { $0 } }
    var generation: Int { state.withLockedValue { $0.generation } }

    /// Its connections end as soon as they carry no request.
    func retire() {
        state.withLockedValue {
            $0.isRetired = true
            $0.generation += 1
        }
    }

    /// Looks its names up.
    func resolve() async {
        let (urls, lookUp) = (settings.urls, lookUp)
        let found = try? await NIOThreadPool.singleton.runIfActive {
            urls.map { url in
                lookUp(HostPort(host: url.host, port: url.port)).map {
                    Instance(address: $0, authority: Self.authority(url))
                }
            }
        }
        guard let found else { return }
        state.withLockedValue { state in
            // A name that can't be resolved for a moment doesn't make its instances go away.
            let known = state.instances
            let instances = zip(urls, found).flatMap { url, found in
                found.isEmpty ? known.filter { $0.authority == Self.authority(url) } : found
            }
            let sorted = Set(instances).sorted { $0.address.description < $1.address.description }
            guard sorted != known else { return }
            state.instances = sorted
            state.generation += 1
        }
    }

    private static func authority(_ url: BaseURL) -> String {
        String(url.text.dropFirst("http://".count).prefix { $0 != "/" })
    }
}
