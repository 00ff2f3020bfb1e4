import CoreMetrics
import NIOConcurrencyHelpers
import NIOCore

/// What one upstream shows of itself. Series of an instance go with the instance.
final class UpstreamMetrics: Sendable {
    private struct InstanceSeries {
        /// 1 for the standing that the instance has, 0 for the others.
        let standings: [InstanceStanding: Gauge]
        let openRequests: Gauge

        func destroy() {
            for gauge in standings.values { gauge.destroy() }
            openRequests.destroy()
        }
    }

    private let upstream: String
    private let factory: any MetricsFactory
    private let ejections: Counter
    private let retries: Counter
    private let refusals: Counter
    private let connectFailures: Counter
    private let instances = NIOLockedValueBox<[SocketAddress: InstanceSeries]>([:])

    init(upstream: String, factory: any MetricsFactory) {
        self.upstream = upstream
        self.factory = factory
        func counter(_ name: String) -> Counter {
            Counter(label: "gatehouse_upstream_\(name)_total", dimensions: [("upstream", upstream)], factory: factory)
        }
        ejections = counter("ejections")
        retries = counter("retries")
        refusals = counter("refusals")
        connectFailures = counter("connect_failures")
    }

    /// An instance was put out of use.
    func ejected() { ejections.increment() }
    /// A request was sent to another instance after one had failed it.
    func retried() { retries.increment() }
    /// A request was turned away, because no instance had room for it.
    func turnedAway() { refusals.increment() }
    /// A connection could not be made, or the peer said nothing on it.
    func connectFailed() { connectFailures.increment() }

    func add(_ address: SocketAddress) {
        let dimensions = [("upstream", upstream), ("address", address.text)]
        func gauge(_ name: String, _ more: [(String, String)] = []) -> Gauge {
            Gauge(label: "gatehouse_upstream_\(name)", dimensions: dimensions + more, factory: factory)
        }
        let standings = InstanceStanding.allCases.map { ($0, gauge("instance_state", [("state", $0.rawValue)])) }
        let series = InstanceSeries(
            standings: Dictionary(uniqueKeysWithValues: standings), openRequests: gauge("open_requests"))
        instances.withLockedValue { $0[address] = series }
        record(.unreachable, of: address)
        record(openRequests: 0, of: address)
    }

    func remove(_ address: SocketAddress) {
        instances.withLockedValue { $0.removeValue(forKey: address) }?.destroy()
    }

    func record(_ standing: InstanceStanding, of address: SocketAddress) {
        guard let series = instances.withLockedValue({ $0[address] }) else { return }
        for (other, gauge) in series.standings { gauge.record(other == standing ? 1 : 0) }
    }

    func record(openRequests: Int, of address: SocketAddress) {
        instances.withLockedValue { $0[address] }?.openRequests.record(openRequests)
    }
}

extension SocketAddress {
    /// As one writes it: `10.0.0.7:8082`, `[::1]:8082`.
    var text: String {
        let host = ipAddress ?? "?"
        let port = port.map { ":\($0)" } ?? ""
        return (host.contains(":") ? "[\(host)]" : host) + port
    }
}
