import NIOCore

/// One request to an upstream of the operator's: waits for a connection, and then goes on with it. Lives on its event
/// loop only.
final class OperatorCall {
    /// A request's body.
    enum Body {
        case none
        /// All of it.
        case full(ByteBuffer)
        /// It follows by `write` and `finish`.
        case streamed
    }

    private enum State {
        case waiting(OperatorPool?)
        case connected(OperatorConnection)
        case over
    }

    let request: OperatorRequest
    let body: Body
    /// Whether a connection will do that has carried other requests.
    let mayReuse: Bool
    /// When no connection is waited for any longer.
    private(set) var deadline = NIODeadline.distantFuture
    /// Whether all of the request's body was handed in.
    private(set) var isWhole: Bool
    private var state = State.waiting(nil)
    /// Kept until the answer is whole or has failed.
    private var receiver: (any ServiceAnswerReceiver)?

    init(_ request: OperatorRequest, _ body: Body, mayReuse: Bool, receiver: any ServiceAnswerReceiver) {
        self.request = request
        self.body = body
        self.mayReuse = mayReuse
        self.receiver = receiver
        isWhole = if case .streamed = body { false } else { true }
    }

    // What the exchange asks for

    func write(_ part: ByteBuffer) {
        if case .connected(let connection) = state { connection.write(part) }
    }

    func finish() {
        guard !isWhole else { return }
        isWhole = true
        if case .connected(let connection) = state { connection.finish() }
    }

    func cancel() {
        let left = state
        _ = end()
        switch left {
        case .waiting(let pool): pool?.remove(self)
        case .connected(let connection): connection.close()
        case .over: break
        }
    }

    func read(_ more: Bool) {
        if case .connected(let connection) = state { connection.read(more) }
    }

    // What the pool and the connection tell

    func waits(in pool: OperatorPool, until deadline: NIODeadline) {
        state = .waiting(pool)
        self.deadline = deadline
    }

    func begins(on connection: OperatorConnection) {
        state = .connected(connection)
        if case .streamed = body { receiver?.service(takesMore: true) }
    }

    func takes(more: Bool) { receiver?.service(takesMore: more) }

    func answered(_ part: ByteBuffer) { receiver?.received(body: part) }

    /// The answer begins, and more of it follows.
    var answering: (any ServiceAnswerReceiver)? { receiver }

    func fail(_ failure: ServiceFailure) { end()?.failed(failure) }

    /// Takes no more part; gives who is to be told the end of it.
    func end() -> (any ServiceAnswerReceiver)? {
        state = .over
        defer { receiver = nil }
        return receiver
    }
}
