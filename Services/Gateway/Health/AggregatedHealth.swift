import Octets
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import NIOConcurrencyHelpers
import NIOCore

/// The health of the whole as the public sees it: the gateway's own, and each service's as it answers now.
struct AggregatedHealth: Sendable {
    let services: [(name: String, client: InternalClient)]
    private let own = NIOLockedValueBox<OpsEndpoints?>(nil)

    init(services: [(name: String, client: InternalClient)]) {
        self.services = services
    }

    /// Gives the gateway's own health, which is known last.
    func use(_ ops: OpsEndpoints) { own.withLockedValue { $0 = ops } }

    func respond(to path: String) async -> Response {
        guard let ops = own.withLockedValue({ $0 }) else {
            return .json(ByteBuffer(string: #"{"status":"starting"}"#), status: .serviceUnavailable)
        }
        guard path == "/health", let own = await ops.respond(to: path) else {
            return await ops.respond(to: path) ?? Problem.notFound.response(requestID: "")
        }
        var reports: [JSONValue.Member] = []
        var isWhole = true
        for (name, client) in services {
            let answer = try? await client.send(
                .get, "/health", body: nil, for: .process("health"), timeout: .seconds(2))
            let report = answer.flatMap { try? JSONParser.parse($0.body.readableBytesView) }
            isWhole = isWhole && answer?.status == 200
            reports.append(.init(name, report ?? .object([.init("status", .string("unreachable"))])))
        }
        let body = await ResponseCollector.collect(own.body) ?? ByteBuffer()
        guard case .object(let members)? = try? JSONParser.parse(body.readableBytesView) else { return own }
        let isReady = own.status == .ok && isWhole
        let status = members.map { member in
            member.name == "status" && own.status == .ok && !isWhole
                ? JSONValue.Member("status", .string("unavailable")) : member
        }
        var json = JSONWriter()
        json.value(.object(status + [.init("services", .object(reports))]))
        return .json(json.buffer, status: isReady ? .ok : .serviceUnavailable)
    }
}
