public import NIOCore

/// Reads the requests of one connection (RFC 9112), strictly: what programs on the way could read differently is
/// refused.
///
/// It does no I/O: bytes go in by `receive`, parts come out of `next`. How the bytes are split changes nothing but the
/// size of the body parts.
public struct HTTP1RequestParser: Sendable {
    private enum State {
        /// Nothing of a request came, but perhaps an empty line.
        case between(sawEmptyLine: Bool)
        case head
        case body(BodyReader, isLast: Bool)
        /// The last request was read; what follows it is none (RFC 9112 §9.6).
        case over
        case failed(HTTP1Fault)
    }

    private let limits: HTTP1Limits
    private var input = Input()
    private var state = State.between(sawEmptyLine: false)
    private var head = RequestHeadReader()

    /// A parser at the begin of a connection.
    public init(limits: HTTP1Limits = .init()) {
        self.limits = limits
    }

    /// How many bytes wait to be read.
    public var bufferedBytes: Int { input.count }

    /// How many of the waiting bytes were looked at and are not looked at again.
    var scannedBytes: Int { head.cursor }

    /// Whether no byte of a next request was seen.
    public var isBetweenMessages: Bool {
        switch state {
        case .between, .over: input.isEmpty
        case .head, .body, .failed: false
        }
    }

    /// Takes bytes: as they are when no others wait, else they are added once.
    public mutating func receive(_ buffer: ByteBuffer) {
        switch state {
        case .between, .head, .body: input.receive(buffer)
        case .over, .failed: break
        }
    }

    /// The next part, or nil when that needs more bytes.
    /// - Throws: Why the request is refused; from then on always the same.
    public mutating func next() throws(HTTP1Fault) -> HTTP1RequestPart? {
        do throws(HTTP1Fault) {
            return try advance()
        } catch {
            (state, input, head) = (.failed(error), Input(), RequestHeadReader())
            throw error
        }
    }

    /// What came and was not read, for a connection that changes its protocol.
    public mutating func takeRest() -> ByteBuffer {
        input.takeAll()
    }

    private mutating func advance() throws(HTTP1Fault) -> HTTP1RequestPart? {
        switch state {
        case .between(let sawEmptyLine):
            guard begin(sawEmptyLine) else { return nil }
            state = .head
            return try readHead()
        case .head: return try readHead()
        case .body(var body, let isLast):
            let event = try body.next(&input, limits)
            state = .body(body, isLast: isLast)
            switch event {
            case .bytes(let part): return .body(part)
            case .end:
                if isLast {
                    (state, input) = (.over, Input())
                } else {
                    state = .between(sawEmptyLine: false)
                }
                return .end
            case .needsMore: return nil
            }
        case .over: return nil
        case .failed(let fault): throw fault
        }
    }

    /// Drops one empty line, which old programs send after a body (RFC 9112 §2.2).
    /// - Returns: Whether a request begins.
    private mutating func begin(_ sawEmptyLine: Bool) -> Bool {
        guard let first = input.byte(at: 0) else { return false }
        guard first == ByteClass.carriageReturn, !sawEmptyLine else { return true }
        guard let second = input.byte(at: 1) else { return false }
        // A lone CR is left for the request line, where it is no method.
        guard second == ByteClass.lineFeed else { return true }
        input.skip(2)
        state = .between(sawEmptyLine: true)
        return !input.isEmpty
    }

    private mutating func readHead() throws(HTTP1Fault) -> HTTP1RequestPart? {
        let read = try input.read { bytes throws(HTTP1Fault) in try head.read(bytes, limits) }
        guard let whole = read ?? nil else { return nil }
        input.skip(head.cursor)
        head = RequestHeadReader()
        state = .body(BodyReader(whole.framing), isLast: !whole.keepsAlive)
        return .head(whole)
    }
}
