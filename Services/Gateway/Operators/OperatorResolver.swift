import ServiceLifecycle

/// Looks the names of the operator's upstreams up again and again, so that instances added or moved are found without a
/// reload.
struct OperatorResolver: Service {
    private static let interval = Duration.seconds(2)

    let routes: LiveRoutes

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await Self.resolve(routes.current.operators)
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Looks all of them up at once.
    static func resolve(_ upstreams: [OperatorUpstream]) async {
        await withTaskGroup(of: Void.self) { group in
            for upstream in upstreams { group.addTask { await upstream.resolve() } }
        }
    }
}
