import Kit
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import UnixSignals

/// The route table in use, read again from its file on SIGHUP. A file with a fault changes nothing: the table in use
/// stays, and the log says where the fault is.
final class LiveRoutes: Sendable, Service {
    private let path: String
    private let upstreams: Set<String>
    private let logger: Logger
    private let table: NIOLockedValueBox<RouteTable>

    /// Reads the file.
    /// - Throws: `ConfigurationProblems` that names the setting and what is wrong in the file.
    init(_ path: String, upstreams: Set<String>, logger: Logger) throws(ConfigurationProblems) {
        self.path = path
        self.upstreams = upstreams
        self.logger = logger
        do throws(RouteTableFile.Fault) {
            table = NIOLockedValueBox(try RouteTableFile.read(path, upstreams: upstreams))
        } catch {
            throw ConfigurationProblems([ConfigurationProblem(GatewaySettings.routes.name, "\(error)")])
        }
    }

    /// A table that comes from no file, for tests.
    init(_ routes: RouteTable) {
        (path, upstreams) = ("", [])
        logger = Logger(label: "gatehouse.routes")
        table = NIOLockedValueBox(routes)
    }

    /// The table in use. A request keeps the one it began with.
    var current: RouteTable { table.withLockedValue { $0 } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: [.sighup]) { self.reload() }
        }
    }

    private func reload() {
        do throws(RouteTableFile.Fault) {
            let read = try RouteTableFile.read(path, upstreams: upstreams)
            table.withLockedValue { $0 = read }
            logger.notice("route table read anew", metadata: ["file": "\(path)"])
        } catch {
            logger.error(
                "route table not read anew, the one in use stays", metadata: ["file": "\(path)", "fault": "\(error)"])
        }
    }
}

/// Something that readiness waits for.
struct NotYet: Error, CustomStringConvertible {
    let reason: String

    var description: String { reason }
}
