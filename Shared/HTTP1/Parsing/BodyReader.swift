import NIOCore

/// Reads a message's body in the framing its head has named.
struct BodyReader: Sendable {
    enum Event {
        /// Some bytes of the body: a slice of what came.
        case bytes(ByteBuffer)
        case end
        case needsMore
    }

    private enum State {
        case length(Int)
        case chunked(ChunkScanner)
        case untilClose
    }

    private var state: State

    init(_ framing: HTTP1Framing) {
        switch framing {
        case .none: state = .length(0)
        case .length(let length): state = .length(length)
        case .chunked: state = .chunked(ChunkScanner())
        case .untilClose: state = .untilClose
        }
    }

    /// Whether only the end of the connection ends the body.
    var endsWithConnection: Bool {
        if case .untilClose = state { true } else { false }
    }

    /// Reads on.
    mutating func next(_ input: inout Input, _ limits: HTTP1Limits) throws(HTTP1Fault) -> Event {
        switch state {
        case .length(0): return .end
        case .length(let left):
            guard !input.isEmpty else { return .needsMore }
            let part = input.take(atMost: left)
            state = .length(left - part.readableBytes)
            return .bytes(part)
        case .untilClose:
            return input.isEmpty ? .needsMore : .bytes(input.takeAll())
        case .chunked(var scanner):
            guard
                let (event, length) = try input.read({ bytes throws(HTTP1Fault) in try scanner.next(bytes, limits) })
            else { return .needsMore }
            input.skip(length)
            defer { state = .chunked(scanner) }
            switch event {
            case .data(let left):
                let part = input.take(atMost: left)
                scanner.took(part.readableBytes)
                return .bytes(part)
            case .end: return .end
            case .needsMore: return .needsMore
            }
        }
    }
}
