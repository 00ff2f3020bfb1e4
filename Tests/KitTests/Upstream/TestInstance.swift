import HTTP2
import HTTPFields
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

@testable import Kit

/// An instance of a service that does to requests what it is told, and counts them.
final class TestInstance: Sendable {
    enum Behaviour: Sendable, Equatable {
        case answers
        case answersAfter(TimeAmount)
        case resets(code: UInt32)
        case refuses
        case never
        case closes
        /// Answers 503, as a service whose database is away.
        case unavailable
    }

    struct State: Sendable {
        var behaviour = Behaviour.answers
        /// What it answers when it is asked whether it is ready; nil for nothing.
        var readiness: Int? = 200
        var requests = 0
        var open = 0
        var mostOpen = 0
        var questions = 0
        /// What it has not answered, as ways to do so.
        var held: [@Sendable () -> Void] = []
    }

    let address: HostPort
    private let channel: any Channel
    private let state: NIOLockedValueBox<State>
    private let children: NIOLockedValueBox<[ObjectIdentifier: any Channel]>

    /// - Parameter port: One that was used before, or any.
    init(_ behaviour: Behaviour = .answers, port: Int = 0) async throws {
        let state = NIOLockedValueBox(State(behaviour: behaviour))
        let children = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])
        (self.state, self.children) = (state, children)
        var configuration = HTTP2Configuration()
        configuration.maxConcurrentStreams = 1000
        configuration.maxResets = .max
        configuration.maxControlFramesPerSecond = .max
        let settings = configuration
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                children.withLockedValue { $0[ObjectIdentifier(channel)] = channel }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        HTTP2ServerConnection(configuration: settings, delegate: Delegate(state, channel)))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        address = HostPort(host: "127.0.0.1", port: channel.localAddress?.port ?? 0)
    }

    var counts: State { state.withLockedValue { $0 } }

    func change(_ body: (inout State) -> Void) { state.withLockedValue { body(&$0) } }

    /// Answers what it has left unanswered so far.
    func release() {
        for answer in state.withLockedValue({ $0.held }) { answer() }
    }

    /// Closes its connections, with whatever is open.
    func hangUp() async {
        for child in children.withLockedValue({ Array($0.values) }) { try? await child.close() }
    }

    /// Goes away in order: announces it, answers what comes nevertheless, and closes.
    func drain() async {
        try? await channel.close()
        for child in children.withLockedValue({ Array($0.values) }) {
            child.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            try? await child.closeFuture.get()
        }
    }

    func stop() async {
        try? await channel.close()
        await hangUp()
    }

    private final class Delegate: HTTP2ServerDelegate {
        private let state: NIOLockedValueBox<State>
        private let channel: any Channel
        private var open: Set<HTTP2StreamID> = []

        init(_ state: NIOLockedValueBox<State>, _ channel: any Channel) {
            self.state = state
            self.channel = channel
        }

        func received(
            head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection
        ) {
            if head.path == "/health/readiness" {
                let status = state.withLockedValue { state in
                    state.questions += 1
                    return state.readiness
                }
                if let status { answer(status, stream, connection) }
                return
            }
            open.insert(stream)
            let behaviour = state.withLockedValue { state in
                state.requests += 1
                state.open += 1
                state.mostOpen = max(state.mostOpen, state.open)
                return state.behaviour
            }
            switch behaviour {
            case .answers: answer(200, stream, connection)
            case .answersAfter(let time):
                channel.eventLoop.assumeIsolated().scheduleTask(in: time) { self.answer(200, stream, connection) }
            case .resets(let code): connection.reset(stream, code: code)
            case .refuses: connection.reset(stream, code: 7)
            case .never:
                let home = NIOLoopBound((self, connection), eventLoop: channel.eventLoop)
                let eventLoop = channel.eventLoop
                state.withLockedValue {
                    $0.held.append { eventLoop.execute { home.value.0.answer(200, stream, home.value.1) } }
                }
            case .closes: channel.close(promise: nil)
            case .unavailable: answer(503, stream, connection)
            }
        }

        private func answer(_ status: Int, _ stream: HTTP2StreamID, _ connection: HTTP2ServerConnection) {
            var head = HeaderBlock()
            head.append(":status", String(status))
            connection.respond(head, body: ByteBuffer(string: "x"), on: stream)
        }

        private func over(_ stream: HTTP2StreamID) {
            if open.remove(stream) != nil { state.withLockedValue { $0.open -= 1 } }
        }

        func received(body: ByteBuffer, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
            connection.consumed(body.readableBytes, on: stream)
        }
        func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {}
        func aborted(_ error: HTTP2StreamError, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
            over(stream)
        }
        func finished(_ stream: HTTP2StreamID, connection: HTTP2ServerConnection) { over(stream) }
        func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {}
        func closed(connection: HTTP2ServerConnection) {}
    }
}
