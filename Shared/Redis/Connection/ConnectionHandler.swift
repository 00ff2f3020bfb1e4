import NIOCore

/// Who uses a connection for commands.
protocol ConnectionOwner: AnyObject {
    /// So many commands were answered in time.
    func connectionAnswered(_ count: Int)
    /// So many commands were not, and their callers have been told.
    func connectionExpired(_ count: Int)
    /// The connection is gone; commands that wait will be told next.
    func connectionClosed(_ failure: LinkFailure)
}

/// One connection: commands of many callers share its writes, and each answer goes to the oldest that waits.
///
/// Commands are gathered in one buffer that is written once per turn of the event loop.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// How the greeting went: its answers, in order.
    typealias Opened = (Result<[Reply], LinkFailure>) -> Void

    private enum Phase {
        /// Answers belong to the greeting.
        case opening(replies: [Reply], Opened)
        /// The greeting is answered; the owner decides what follows.
        case opened
        /// Answers belong to commands.
        case commands(any ConnectionOwner)
        /// Answers are events.
        case pushes((Reply) -> Void, closed: (LinkFailure) -> Void)
        case closed
    }

    private struct Pending {
        /// Nil once the caller was told that time is up; the answer must still be waited for.
        var receiver: Receiver?
        let deadline: NIODeadline
        let sent: NIODeadline
    }

    /// A buffer that grew beyond this is not kept for the next commands.
    private static let keptBytes = 64 << 10

    private let configuration: RedisConfiguration
    private let greeting: [RedisCommand]
    private let eventLoop: any EventLoop
    private let tally: CommandTally
    private let reader: ReplyReader
    private let timer: DeadlineTimer
    private var formatter = CommandFormatter()
    private var context: ChannelHandlerContext?
    private var phase: Phase
    private var pending: CircularBuffer<Pending> = []
    private var outgoing = ByteBuffer()
    private var isFlushScheduled = false
    private var answered = 0
    private var drained: (() -> Void)?

    init(
        _ configuration: RedisConfiguration, eventLoop: any EventLoop, tally: CommandTally, greeting: [RedisCommand],
        opened: @escaping Opened
    ) {
        self.configuration = configuration
        self.greeting = greeting
        self.eventLoop = eventLoop
        self.tally = tally
        reader = ReplyReader(maximumSize: configuration.maxReplySize)
        timer = DeadlineTimer(eventLoop: eventLoop)
        phase = .opening(replies: [], opened)
        timer.onDeadline = { [weak self] in self?.expire() }
    }

    // MARK: What the owner does

    /// From now on the connection carries commands.
    func serve(_ owner: any ConnectionOwner) {
        guard case .opened = phase else { return }
        phase = .commands(owner)
    }

    /// From now on whatever comes is an event.
    func receivePushes(_ body: @escaping (Reply) -> Void, closed: @escaping (LinkFailure) -> Void) {
        guard case .opened = phase else { return }
        phase = .pushes(body, closed: closed)
    }

    /// Sends a command and sees to it that its receiver hears of it, once.
    func submit(_ command: RedisCommand, _ receiver: Receiver, deadline: NIODeadline, now: NIODeadline) {
        guard case .commands = phase, let context else { return tally.complete(receiver, .failure(.unavailable)) }
        guard deadline > now else { return tally.complete(receiver, .failure(.timeout)) }
        guard pending.count < configuration.maxPending, outgoing.readableBytes <= configuration.maxUnsentBytes,
            context.channel.isWritable, formatter.append(command, to: &outgoing)
        else { return tally.complete(receiver, .failure(.overloaded)) }
        pending.append(Pending(receiver: receiver, deadline: deadline, sent: now))
        timer.arm(at: deadline)
        scheduleFlush(context)
    }

    /// Sends a command whose answer comes as an event.
    func push(_ command: RedisCommand) {
        guard case .pushes = phase, let context, formatter.append(command, to: &outgoing) else { return }
        scheduleFlush(context)
    }

    /// Closes as soon as no command waits; those that do are answered, or time out.
    func drain(_ done: @escaping () -> Void) {
        guard case .commands = phase, !pending.isEmpty else {
            close(.shutDown)
            return done()
        }
        drained = done
    }

    /// Gives the connection up.
    func close(_ failure: LinkFailure) {
        let ended = phase
        if case .closed = ended { return }
        phase = .closed
        timer.cancel()
        let waiting = pending
        pending.removeAll()
        outgoing.clear(minimumCapacity: 0)
        context?.close(promise: nil)
        switch ended {
        case .opening(_, let opened): opened(.failure(failure))
        case .commands(let owner): owner.connectionClosed(failure)
        case .pushes(_, let closed): closed(failure)
        case .opened, .closed: break
        }
        for entry in waiting {
            if let receiver = entry.receiver { tally.complete(receiver, .failure(failure.commandError)) }
        }
        tally.flush(pending: 0)
        drained?()
        drained = nil
    }

    // MARK: What the channel does

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        close(.closedByServer)
    }

    func channelActive(context: ChannelHandlerContext) {
        // Given up while it was being made.
        guard case .opening = phase else { return context.close(promise: nil) }
        for command in greeting where !formatter.append(command, to: &outgoing) { return close(.broken("no memory")) }
        flush(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(.closedByServer)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(.broken("\(error)"))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .closed = phase { return }
        do throws(RedisError) {
            try reader.feed(unwrapInboundIn(data)) { reply in
                receive(reply)
                if case .closed = phase { return false }
                return true
            }
        } catch {
            close(.protocolViolation)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if answered > 0, case .commands(let owner) = phase { owner.connectionAnswered(answered) }
        answered = 0
        tally.flush(pending: pending.count)
        if drained != nil, pending.isEmpty { close(.shutDown) }
        context.fireChannelReadComplete()
    }

    // MARK: Answers

    private func receive(_ reply: Reply) {
        switch phase {
        case .opening(var replies, let opened):
            replies.append(reply)
            phase = .opening(replies: replies, opened)
            guard replies.count == greeting.count else { return }
            phase = .opened
            opened(.success(replies))
        case .commands:
            guard let oldest = pending.popFirst() else { return close(.protocolViolation) }
            if case .failure(.server(let prefix, _)) = reply, let failure = Self.failure(of: prefix) {
                if let receiver = oldest.receiver { tally.complete(receiver, .failure(.unavailable)) }
                return close(failure)
            }
            guard let receiver = oldest.receiver else { return }
            answered += 1
            tally.complete(receiver, reply)
        case .pushes(let body, _):
            body(reply)
        case .opened:
            close(.protocolViolation)
        case .closed:
            break
        }
    }

    /// Refusals that mean that this server is of no use, whatever is asked of it.
    private static func failure(of prefix: String) -> LinkFailure? {
        switch prefix {
        case "READONLY", "MASTERDOWN": .notPrimary
        case "LOADING": .loading
        default: nil
        }
    }

    // MARK: Time

    /// Tells callers whose time is up; gives the connection up where the oldest command shows that it hangs.
    private func expire() {
        guard case .commands(let owner) = phase else { return }
        let now = eventLoop.now
        var late: [Receiver] = []
        var next = NIODeadline.distantFuture
        for index in pending.indices {
            guard let receiver = pending[index].receiver else { continue }
            if pending[index].deadline <= now {
                pending[index].receiver = nil
                late.append(receiver)
            } else {
                next = min(next, pending[index].deadline)
            }
        }
        for receiver in late { tally.complete(receiver, .failure(.timeout)) }
        if !late.isEmpty { owner.connectionExpired(late.count) }
        if let oldest = pending.first {
            let hangs = max(oldest.deadline, oldest.sent + configuration.hangTimeout)
            if hangs <= now { return close(.hung) }
            timer.arm(at: min(next, hangs))
        }
        tally.flush(pending: pending.count)
    }

    // MARK: Writing

    private func scheduleFlush(_ context: ChannelHandlerContext) {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        // Runs after everything else that this turn of the loop has to do, and may add to the buffer.
        context.eventLoop.assumeIsolated().execute { [self] in
            isFlushScheduled = false
            if let context = self.context { flush(context) }
        }
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard outgoing.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
        // Mostly written by now, so that the space is ours again; otherwise this takes new space.
        if outgoing.storageCapacity > Self.keptBytes { outgoing = ByteBuffer() } else { outgoing.clear() }
        tally.flush(pending: pending.count)
    }
}
