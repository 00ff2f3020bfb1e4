import Kit

/// Reads the gateway's route table at start.
enum GatewayRoutes {
    /// - Throws: `ConfigurationProblems` that names the setting and what is wrong in the file.
    static func load(_ path: String, _ upstreams: [Upstream]) throws(ConfigurationProblems) -> RouteTable {
        do throws(RouteTableFile.Fault) {
            return try RouteTableFile.read(path, upstreams: Set(upstreams.map(\.name)))
        } catch {
            throw ConfigurationProblems([ConfigurationProblem(GatewaySettings.routes.name, "\(error)")])
        }
    }
}

/// Something that readiness waits for.
struct NotYet: Error, CustomStringConvertible {
    let reason: String

    var description: String { reason }
}
