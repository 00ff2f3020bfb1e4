import NIOConcurrencyHelpers
public import NIOCore

/// A request's body as it comes. One task at a time takes it, part by part; what it has not taken waits at the caller, but
/// for a window of the connection.
public final class BodyStream: Sendable {
    /// The caller is gone, or sent more than he may: the rest will not come.
    public struct Broken: ProblemRepresentable {
        /// Nobody is left to read it, as a rule.
        public var problem: Problem { .malformed("The body broke off.") }
    }

    private enum End {
        case whole
        case broken
    }

    private struct State {
        var waiting = ByteBuffer()
        var end: End?
        var taker: UnsafeContinuation<Result<ByteBuffer?, Broken>, Never>?
    }

    private let state: NIOLockedValueBox<State>
    /// Told how many bytes were taken, from any thread.
    private let taken: @Sendable (Int) -> Void

    /// A stream whose bytes come by `receive`.
    init(taken: @escaping @Sendable (Int) -> Void) {
        state = NIOLockedValueBox(State())
        self.taken = taken
    }

    /// A body that is there already.
    public init(whole body: ByteBuffer) {
        state = NIOLockedValueBox(State(waiting: body, end: .whole))
        taken = { _ in }
    }

    /// The next part; nil at the end.
    /// - Throws: `Broken`, also when the task is cancelled.
    public func next() async throws(Broken) -> ByteBuffer? {
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { (taker: UnsafeContinuation<Result<ByteBuffer?, Broken>, Never>) in
                let result = state.withLockedValue { state -> Result<ByteBuffer?, Broken>? in
                    if state.end == .broken { return .failure(Broken()) }
                    if state.waiting.readableBytes > 0 {
                        defer { state.waiting = ByteBuffer() }
                        return .success(state.waiting)
                    }
                    if state.end == .whole { return .success(nil) }
                    state.taker = taker
                    return nil
                }
                if let result { taker.resume(returning: result) }
            }
        } onCancel: {
            end(.broken)
        }
        let part = try result.get()
        if let part { taken(part.readableBytes) }
        return part
    }

    /// Takes a part in.
    func receive(_ part: ByteBuffer) {
        let taker = state.withLockedValue { state -> UnsafeContinuation<Result<ByteBuffer?, Broken>, Never>? in
            guard let taker = state.taker else {
                if state.waiting.readableBytes == 0 {
                    state.waiting = part
                } else {
                    state.waiting.writeImmutableBuffer(part)
                }
                return nil
            }
            state.taker = nil
            return taker
        }
        taker?.resume(returning: .success(part))
    }

    /// Nothing more comes.
    func finish() { end(.whole) }

    /// Nothing more comes, although more should.
    func fail() { end(.broken) }

    private func end(_ end: End) {
        let taker = state.withLockedValue { state -> UnsafeContinuation<Result<ByteBuffer?, Broken>, Never>? in
            guard state.end == nil else { return nil }
            state.end = end
            defer { state.taker = nil }
            return state.taker
        }
        taker?.resume(returning: end == .whole ? .success(nil) : .failure(Broken()))
    }
}
