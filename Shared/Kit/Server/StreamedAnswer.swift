import HTTP2
import HTTPTypes
import Hummingbird
import NIOCore

/// Writes an answer part by part, each once there is room for it: what the caller does not take is not made.
final class StreamedAnswer: ResponseBodyWriter, Sendable {
    private let stream: HTTP2StreamID
    private let home: NIOLoopBound<(ServiceConnection, HTTP2ServerConnection)>
    private let eventLoop: any EventLoop

    init(
        _ stream: HTTP2StreamID, _ home: NIOLoopBound<(ServiceConnection, HTTP2ServerConnection)>,
        _ eventLoop: any EventLoop
    ) {
        self.stream = stream
        self.home = home
        self.eventLoop = eventLoop
    }

    /// Sends the head and all that the body writes.
    func send(_ response: Response) async {
        let (stream, home, eventLoop) = (stream, home, eventLoop)
        eventLoop.perform {
            let (connection, transport) = home.value
            connection.begin(response, on: stream, transport)
        }
        var isWhole = true
        do {
            try await response.body.write(self)
        } catch {
            isWhole = false
        }
        let isComplete = isWhole
        eventLoop.perform {
            let (connection, transport) = home.value
            connection.end(isWhole: isComplete, on: stream, transport)
        }
    }

    func write(_ buffer: ByteBuffer) async throws {
        let (stream, home, eventLoop) = (stream, home, eventLoop)
        try Task.checkCancellation()
        try await withCheckedThrowingContinuation { writer in
            eventLoop.perform {
                let (connection, transport) = home.value
                connection.write(buffer, on: stream, transport, writer)
            }
        }
    }

    func finish(_: HTTPFields?) async throws {}
}

extension EventLoop {
    /// Does something on this loop: at once when it is here, else as soon as it comes round.
    func perform(_ body: @escaping @Sendable () -> Void) {
        if inEventLoop { body() } else { execute(body) }
    }
}
