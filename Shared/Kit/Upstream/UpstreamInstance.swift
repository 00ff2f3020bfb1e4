import HTTP2
import Logging
import NIOCore
import NIOPosix

/// One instance's connection from one event loop: made, remade with growing pauses, and given up when retired.
///
/// Lives on its event loop only.
final class UpstreamInstance {
    /// Of the one request that may try an ejected instance, when it is this event loop's.
    enum Trial: Equatable {
        case none
        /// It will be the next that is sent.
        case reserved
        case sent(HTTP2StreamID)
    }

    let address: SocketAddress
    /// How it stands, by all that the process knows.
    var report = InstanceReport()
    private(set) var trial = Trial.none
    /// Whether this event loop has a connection to it that takes requests.
    private(set) var isConnected = false
    private let eventLoop: any EventLoop
    private let configuration: HTTP2Configuration
    private let health: UpstreamHealth
    private let patience: TimeAmount
    private let logger: Logger
    private weak var pool: UpstreamPool?
    private var connection: HTTP2ClientConnection?
    /// How often a millisecond has to be doubled to be as long as its slowest recent answer took to begin.
    private var slowness = 0
    private var question: HTTP2StreamID?
    private var askedAt = NIODeadline.uptimeNanoseconds(0)
    private var isAsking = false
    /// Connections in a row that nothing was heard on.
    private var failures = 0
    private var isRetired = false
    private var isConnecting = false
    private var retry: Scheduled<Void>?
    private var isDraining = false
    /// Whether this connection ever took requests.
    private var wasConnected = false

    init(address: SocketAddress, pool: UpstreamPool, _ settings: UpstreamPool.Settings) {
        self.address = address
        self.pool = pool
        eventLoop = settings.eventLoop
        configuration = settings.configuration
        health = settings.health
        patience = settings.patience
        logger = settings.logger
    }

    /// The connection, when it can take one more stream.
    var available: HTTP2ClientConnection? {
        guard let connection, connection.canOpenStream else { return nil }
        return connection
    }

    /// Requests that are open.
    var openRequests: Int { connection?.activeStreams ?? 0 }

    /// How much it has to do, to be compared: each doubling of its slowest recent answer counts as one more open
    /// request.
    ///
    /// Open requests alone send a slow instance one whenever the others have none open either. Added and not
    /// multiplied, a slow answer or two among quick ones can't keep more than a few requests from an instance.
    var load: Int { openRequests + slowness }

    /// Lets what is past count for less.
    func forget() { if slowness > 0 { slowness -= 1 } }

    /// Tries at once, where there is no connection and none is being made.
    func connect() {
        guard !isRetired, !isConnecting, connection == nil else { return }
        retry?.cancel()
        isConnecting = true
        // This object and the handler are touched on the loop only, which the boxes check.
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        let configuration = configuration
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.seconds(1))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let instance = home.value
                    let handler = HTTP2ClientConnection(configuration: configuration, observer: instance) { state in
                        home.value.changed(to: state)
                    }
                    instance.connection = handler
                    instance.isDraining = false
                    instance.slowness = 0
                    instance.wasConnected = false
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(to: address)
            .whenComplete { result in
                home.value.isConnecting = false
                switch result {
                case .success(let channel): channel.closeFuture.whenComplete { _ in home.value.gone() }
                case .failure(let error):
                    home.value.logger.debug(
                        "upstream not reached",
                        metadata: ["address": "\(home.value.address.text)", "error": "\(error)"])
                    home.value.gone()
                }
            }
    }

    /// Takes no more requests; those in flight finish.
    func retire() {
        changed(to: .draining)
        isRetired = true
        connection?.drain()
    }

    /// Asks it whether it is ready, unless it still owes the last answer; false when it can't be asked from here.
    func ask() -> Bool {
        guard isConnected, let connection = available else { return false }
        guard question == nil else { return true }
        let (health, address) = (health, address)
        isAsking = true
        defer { isAsking = false }
        do throws(HTTP2StreamError) {
            try ReadinessQuestion.ask(on: connection, eventLoop, authority: address.text, patience: patience) {
                health.answered(address, isReady: $0)
            }
            return true
        } catch {
            return false
        }
    }

    /// Whether the next request may try it, though it is ejected.
    func mayBeTried(_ now: NIODeadline) -> Bool {
        if trial == .reserved { return true }
        guard trial == .none, report.trialDue <= now, health.beginTrial(address) else { return false }
        trial = .reserved
        return true
    }

    private func changed(to state: HTTP2ClientConnection.State) {
        isDraining = isDraining || state == .draining
        guard !isRetired, (state == .ready) != isConnected else { return }
        isConnected = state == .ready
        if isConnected {
            wasConnected = true
            failures = 0
            if health.connected(address) { _ = ask() }
        } else {
            if trial == .reserved { abandonTrial() }
            health.disconnected(address)
        }
        pool?.regroup()
    }

    private func gone() {
        connection = nil
        guard !isRetired else { return }
        if !wasConnected { health.metrics.connectFailed() }
        failures += 1
        // The first try follows at once: a restarted instance is often back by then.
        let pause = Choice.pause(after: failures, shortest: 25, longest: 1000)
        retry = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in self?.connect() }
    }
}

extension UpstreamInstance: HTTP2ClientObserver {
    func opened(_ stream: HTTP2StreamID) {
        if isAsking {
            question = stream
            askedAt = .now()
        } else if trial == .reserved {
            trial = .sent(stream)
        }
    }

    func answered(_ stream: HTTP2StreamID, after time: TimeAmount) {
        // That it answers for itself does not make up for requests that fail, nor tell how long they take.
        guard question != stream else { return }
        let milliseconds = time.milliseconds
        if milliseconds > 1 { slowness = max(slowness, 63 - milliseconds.leadingZeroBitCount) }
        if trial == .sent(stream) {
            endTrial(nil)
        } else if report.isSuspect {
            health.succeeded(address)
        }
    }

    func ended(_ stream: HTTP2StreamID, _ ending: HTTP2StreamEnding) {
        if question == stream {
            question = nil
            if case .expired = ending { health.leftUnanswered(address, askedAt: askedAt) }
        }
        switch (failure(in: ending), trial == .sent(stream)) {
        case (let failure?, true): endTrial(failure)
        case (let failure?, false): health.failed(address, failure)
        case (nil, true): abandonTrial()
        case (nil, false): break
        }
        pool?.freed()
    }

    func lost(requests: Int) {
        question = nil
        let failure: InstanceFailure? = isDraining ? nil : .connectionLost
        if case .sent = trial {
            if let failure { endTrial(failure) } else { abandonTrial() }
        } else if let failure {
            health.failed(address, failure)
        }
    }

    /// What of it counts against the instance. One that is going away refuses, and that is no fault.
    private func failure(in ending: HTTP2StreamEnding) -> InstanceFailure? {
        switch ending {
        case .expired: .noAnswer
        case .failed(.refused) where !isDraining: .streamRefused
        case .failed(let error) where error.isBreakdown: .streamReset
        case .answered, .failed, .cancelled: nil
        }
    }

    private func endTrial(_ failure: InstanceFailure?) {
        trial = .none
        health.endTrial(address, failure)
    }

    private func abandonTrial() {
        trial = .none
        health.abandonTrial(address)
    }
}
