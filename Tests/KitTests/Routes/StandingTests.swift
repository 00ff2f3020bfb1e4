import Domain
import FoundationEssentials
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Kit

@Suite("Work that takes longer than a moment")
struct StandingTests {
    @Test("a token that is revoked while a handler is at work is good no longer")
    func revokedMeanwhile() async throws {
        let session = UUID.v7()
        let ended = NIOLockedValueBox<UUID?>(nil)
        let reached = NIOLockedValueBox(0)
        let operation = Route(.post, "/work", id: "work", tag: "test", summary: "Works", access: .bearer)
            .perform { call in
                for _ in 0..<2 {
                    try call.requireStanding()
                    reached.withLockedValue { $0 += 1 }
                    ended.withLockedValue { $0 = session }
                }
            }
        let health = Health(service: "test", version: "1", environment: "test", checks: [])
        let responder = ServiceResponder(
            endpoints: [operation], ops: OpsEndpoints(health: health, metrics: PrometheusRegistry()),
            internalKey: InternalKey("key"), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            isRevoked: { token in ended.withLockedValue { $0 != nil && $0 == token.session } })
        var head = HeaderBlockBuilder("POST", "/work")
        head.add("x-gatehouse-key", "key")
        head.add("x-gatehouse-subject", UUID.v7().text)
        head.add("x-gatehouse-session", session.text)
        head.add("x-gatehouse-client", "gatehouse")
        let response = await responder.respond(to: try #require(InboundRequest(head.block)), body: ByteBuffer())
        #expect(response.status == .unauthorized)
        #expect(reached.withLockedValue { $0 } == 1)
    }
}
