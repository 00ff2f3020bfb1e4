public import NIOCore

/// Reads the answers of one connection (RFC 9112), as strictly as requests are read: an answer that could be read in two
/// ways could become another caller's.
///
/// It does no I/O: bytes go in by `receive`, parts come out of `next`. How the bytes are split changes nothing but the
/// size of the body parts. Interim answers are dropped but for 101, after which, as after a tunnel's 2xx, the rest is
/// another protocol's: `takeRest`.
public struct HTTP1ResponseParser: Sendable {
    private enum State {
        case between
        case head
        case body(BodyReader)
        /// The connection speaks another protocol.
        case changed
        case failed(HTTP1Fault)
    }

    /// More before one answer is a flood.
    private static let interimLimit = 32

    private let limits: HTTP1Limits
    private var input = Input()
    private var state = State.between
    private var head = ResponseHeadReader()
    private var method = RequestMethod.other
    private var interim = 0
    private var changesProtocol = false
    private var isEnded = false

    /// A parser at the begin of a connection.
    public init(limits: HTTP1Limits = .init()) {
        self.limits = limits
    }

    /// How many bytes wait to be read.
    public var bufferedBytes: Int { input.count }

    /// Whether no byte of a next answer was seen.
    public var isBetweenMessages: Bool {
        if case .between = state { input.isEmpty && interim == 0 } else { false }
    }

    /// Says which request the next answer is to; to be called when it is sent. Bytes that came before are no answer to
    /// it, and the next part is a fault.
    public mutating func expects(answerTo method: String) {
        if !isBetweenMessages, !hasFailed { fail(.unasked) }
        self.method = RequestMethod(method)
    }

    /// Takes bytes: as they are when no others wait, else they are added once.
    public mutating func receive(_ buffer: ByteBuffer) {
        if !hasFailed { input.receive(buffer) }
    }

    /// Says that the peer has closed, and gives the next part as `next` does: the end of a body that only the
    /// connection ends comes after the bytes that still wait.
    /// - Throws: When that breaks an answer off.
    public mutating func receiveEnd() throws(HTTP1Fault) -> HTTP1ResponsePart? {
        isEnded = true
        return try next()
    }

    /// The next part, or nil when that needs more bytes.
    /// - Throws: Why the answer can't be taken, as a 502; from then on always the same.
    public mutating func next() throws(HTTP1Fault) -> HTTP1ResponsePart? {
        do throws(HTTP1Fault) {
            return try advance()
        } catch {
            throw fail(error)
        }
    }

    /// What came and was not read, for a connection that changes its protocol.
    public mutating func takeRest() -> ByteBuffer {
        input.takeAll()
    }

    private var hasFailed: Bool {
        if case .failed = state { true } else { false }
    }

    @discardableResult
    private mutating func fail(_ fault: HTTP1Fault) -> HTTP1Fault {
        (state, input, head) = (.failed(fault.ofUpstream), Input(), ResponseHeadReader())
        return fault.ofUpstream
    }

    private mutating func advance() throws(HTTP1Fault) -> HTTP1ResponsePart? {
        while true {
            switch state {
            case .between:
                guard !input.isEmpty else { return try wait() }
                state = .head
            case .head:
                guard let whole = try readHead() else { return try wait() }
                if whole.status >= 200 || whole.status == 101 { return .head(whole) }
                interim += 1
                guard interim <= Self.interimLimit else { throw .tooManyInterim }
                state = .between
            case .body(var body):
                let event = try body.next(&input, limits)
                state = .body(body)
                switch event {
                case .bytes(let part): return .body(part)
                case .end: return finish()
                case .needsMore: return try wait()
                }
            case .changed: return nil
            case .failed(let fault): throw fault
            }
        }
    }

    private mutating func readHead() throws(HTTP1Fault) -> HTTP1ResponseHead? {
        let read = try input.read { bytes throws(HTTP1Fault) in
            try head.read(bytes, limits, answerTo: method)
        }
        guard let whole = read ?? nil else { return nil }
        input.skip(head.cursor)
        head = ResponseHeadReader()
        changesProtocol = whole.status == 101 || method == .connect && whole.status < 300
        state = .body(BodyReader(whole.framing))
        return whole
    }

    /// There are no more bytes: for now, or for ever when the peer has closed.
    private mutating func wait() throws(HTTP1Fault) -> HTTP1ResponsePart? {
        guard isEnded, !isBetweenMessages else { return nil }
        guard case .body(let body) = state, body.endsWithConnection else { throw .brokenOff }
        return finish()
    }

    private mutating func finish() -> HTTP1ResponsePart {
        state = changesProtocol ? .changed : .between
        (method, interim) = (.other, 0)
        return .end
    }
}
