import Kit
import NIOCore

/// One of the two connections of a tunnel. All calls come on its event loop.
protocol TunnelSide: AnyObject {
    /// What has come behind the words that began the tunnel.
    func takeAhead() -> ByteBuffer
    func write(_ part: ByteBuffer)
    var isWritable: Bool { get }
    /// Whether more of what comes may be read.
    func read(_ more: Bool)
    /// Ends this side's output once all is written; it can still be read from.
    func closeOutput()
    /// Ends both directions once all is written.
    func closeWhenWritten()
    /// Ends both directions now.
    func close()
}

/// Two connections of which each gets the other's bytes, no faster than it takes them, until both have ended or a time
/// passes without a byte. Lives on its event loop only.
final class Tunnel {
    private let patience: TimeAmount
    private let caller: any TunnelSide
    private let upstream: OperatorConnection
    /// Weak, because it holds the tunnel.
    private weak var exchange: Exchange?
    private var received = 0
    private var sent = 0
    private var lastByte = NIODeadline.now()
    private var hasCallerEnded = false
    private var hasUpstreamEnded = false
    private var isOver = false

    /// - Parameter patience: How long it may go without a byte.
    init(caller: any TunnelSide, upstream: OperatorConnection, patience: TimeAmount, exchange: Exchange) {
        self.caller = caller
        self.upstream = upstream
        self.patience = patience
        self.exchange = exchange
    }

    /// Passes on what is there already.
    func begin() {
        upstream.begin(self)
        let (early, answered) = (caller.takeAhead(), upstream.takeAhead())
        if answered.readableBytes > 0 { fromUpstream(answered) }
        if early.readableBytes > 0 { fromCaller(early) }
        upstream.read(caller.isWritable)
        caller.read(upstream.isWritable)
    }

    func fromCaller(_ part: ByteBuffer) {
        guard !isOver, !hasCallerEnded else { return }
        received += part.readableBytes
        lastByte = .now()
        upstream.write(part)
        if !upstream.isWritable { caller.read(false) }
    }

    func fromUpstream(_ part: ByteBuffer) {
        guard !isOver, !hasUpstreamEnded else { return }
        sent += part.readableBytes
        lastByte = .now()
        caller.write(part)
        if !caller.isWritable { upstream.read(false) }
    }

    func callerTakesMore() { if !isOver { upstream.read(true) } }

    func upstreamTakesMore() { if !isOver { caller.read(true) } }

    /// The caller sends no more.
    func callerEnded() {
        guard !isOver, !hasCallerEnded else { return }
        hasCallerEnded = true
        if hasUpstreamEnded { end(.answered) } else { upstream.closeOutput() }
    }

    /// The upstream sends no more.
    func upstreamEnded() {
        guard !isOver, !hasUpstreamEnded else { return }
        hasUpstreamEnded = true
        if hasCallerEnded { end(.answered) } else { caller.closeOutput() }
    }

    /// Ends it when nothing has come for too long, or when the token that let the caller in is no longer good.
    func check(_ now: NIODeadline) {
        if now - lastByte >= patience || exchange?.isStillGood() != true { end(.brokenOff) }
    }

    func end(_ outcome: AccessRecord.Outcome) {
        guard !isOver else { return }
        isOver = true
        exchange?.tunnelEnded(outcome, received: received, sent: sent)
        if outcome == .answered {
            caller.closeWhenWritten()
            upstream.closeWhenWritten()
        } else {
            caller.close()
            upstream.close()
        }
    }
}
