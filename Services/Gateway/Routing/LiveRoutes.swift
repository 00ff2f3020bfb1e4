import Kit
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import UnixSignals

/// The route table in use, read again from its file on SIGHUP. A file with a fault changes nothing: the table in use
/// stays, and the log says where the fault is.
final class LiveRoutes: Sendable, Service {
    private let path: String
    private let services: Set<String>
    private let logger: Logger
    private let table: NIOLockedValueBox<RouteTable>

    /// Reads the file.
    /// - Parameter services: Our own.
    /// - Throws: `ConfigurationProblems` that names the setting and what is wrong in the file.
    init(_ path: String, services: Set<String>, logger: Logger) throws(ConfigurationProblems) {
        self.path = path
        self.services = services
        self.logger = logger
        do throws(RouteTableFile.Fault) {
            table = NIOLockedValueBox(try RouteTableFile.read(path, services: services))
        } catch {
            throw ConfigurationProblems([ConfigurationProblem(GatewaySettings.routes.name, "\(error)")])
        }
    }

    /// A table that comes from no file, for tests.
    init(_ routes: RouteTable) {
        (path, services) = ("", [])
        logger = Logger(label: "gatehouse.routes")
        table = NIOLockedValueBox(routes)
    }

    /// The table in use. A request keeps the one it began with.
    var current: RouteTable { table.withLockedValue { $0 } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: [.sighup]) { await self.reload() }
        }
    }

    private func reload() async {
        do throws(RouteTableFile.Fault) {
            let known = current.operators
            let read = try RouteTableFile.read(path, services: services, keeping: known)
            await use(read)
            logger.notice("route table read anew", metadata: ["file": "\(path)"])
        } catch {
            logger.error(
                "route table not read anew, the one in use stays", metadata: ["file": "\(path)", "fault": "\(error)"])
        }
    }

    /// Takes a table into use, once it is known where its new upstreams are.
    func use(_ read: RouteTable) async {
        let known = current.operators
        await OperatorResolver.resolve(read.operators.filter { upstream in !known.contains { $0 === upstream } })
        table.withLockedValue { $0 = read }
        for upstream in known where !read.operators.contains(where: { $0 === upstream }) { upstream.retire() }
    }
}
