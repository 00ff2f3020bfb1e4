import Kit
import NIOCore

/// The connections of one event loop to the instances of one of the operator's upstreams, chosen among by load, and the
/// requests that wait for one.
///
/// Lives on its event loop only.
final class OperatorPool {
    /// How long a request may wait.
    private static let patience = TimeAmount.seconds(5)
    /// How long a connection without a request is kept.
    private static let idle = TimeAmount.seconds(30)

    let upstream: OperatorUpstream
    let loop: GatewayLoop
    private var instances: [OperatorInstance] = []
    /// Those that are gone, while requests of theirs are under way.
    private var leaving: [OperatorInstance] = []
    private var generation = -1
    private var waiting = CircularBuffer<OperatorCall>()
    private var isWatched = false

    init(_ upstream: OperatorUpstream, loop: GatewayLoop) {
        self.upstream = upstream
        self.loop = loop
    }

    /// Sends the request as soon as there is a connection for it.
    func begin(_ call: OperatorCall) {
        update()
        if !isWatched {
            isWatched = true
            loop.watch.add(self)
        }
        if waiting.isEmpty, let instance = choose({ $0.hasIdle || $0.mayConnect }) {
            if call.mayReuse, let connection = instance.takeIdle() { return connection.begin(call) }
            // Room for a fresh one.
            if !instance.mayConnect { instance.takeIdle()?.close() }
        }
        guard waiting.count < upstream.settings.queue else { return call.fail(.full) }
        call.waits(in: self, until: .now() + Self.patience)
        waiting.append(call)
        connect()
        // All were away a moment ago: one of them may be back.
        if !hasHope { instances.filter(\.mayConnect).randomElement()?.connect() }
    }

    /// The call is given up.
    func remove(_ call: OperatorCall) { waiting.removeAll { $0 === call } }

    /// Gives a connection to who has waited longest; false when nobody does.
    func serve(_ connection: OperatorConnection) -> Bool {
        guard let call = waiting.popFirst() else { return false }
        connection.begin(call)
        return true
    }

    /// A connection has ended, so that another may take its place.
    func hasRoom() { connect() }

    func failedToConnect() {
        connect()
        guard !hasHope else { return }
        let left = waiting
        waiting.removeAll()
        for call in left { call.fail(.unreachable) }
    }

    /// Whether a connection may come to those who wait.
    private var hasHope: Bool { instances.contains { $0.open + $0.connecting > 0 } }

    /// Makes a connection for each request that waits, where one may be made.
    private func connect() {
        var wanted = waiting.count - instances.reduce(0) { $0 + $1.connecting }
        while wanted > 0, let instance = choose(\.mayConnect) {
            instance.connect()
            wanted -= 1
        }
    }

    /// The less busy of two random instances that can be reached and will do.
    private func choose(_ willDo: (OperatorInstance) -> Bool) -> OperatorInstance? {
        if instances.count == 1 {
            return willDo(instances[0]) && !instances[0].isSkipped(.now()) ? instances[0] : nil
        }
        let now = NIODeadline.now()
        let able = instances.filter { !$0.isSkipped(now) && willDo($0) }
        guard able.count > 1 else { return able.first }
        let (first, second) = Choice.two(of: able.count)
        return able[first].busy <= able[second].busy ? able[first] : able[second]
    }

    /// Takes over which instances there are.
    private func update() {
        guard generation != upstream.generation else { return }
        let snapshot = upstream.snapshot
        generation = snapshot.generation
        // A request that began with the route table of before is still to be sent.
        let isGone = { (instance: OperatorInstance) in
            !snapshot.instances.contains { $0.address == instance.address && $0.authority == instance.authority }
        }
        for instance in instances where isGone(instance) {
            instance.retire()
            leaving.append(instance)
        }
        instances.removeAll(where: isGone)
        for found in snapshot.instances
        where !instances.contains(where: { $0.address == found.address && $0.authority == found.authority }) {
            instances.append(OperatorInstance(found, upstream.settings, pool: self))
        }
        connect()
    }
}

extension OperatorPool: WatchedConnection {
    func check(_ now: NIODeadline) {
        update()
        let isRetired = upstream.snapshot.isRetired
        for instance in instances {
            if isRetired { instance.closeIdle() } else { instance.closeIdle(since: now - Self.idle) }
        }
        while let first = waiting.first, first.deadline <= now {
            waiting.removeFirst()
            first.fail(.full)
        }
        leaving.removeAll { $0.open == 0 }
        guard waiting.isEmpty, leaving.isEmpty, !hasHope else { return }
        isWatched = false
        loop.watch.remove(self)
        loop.forget(self)
    }
}

extension ServiceFailure {
    fileprivate static let full = ServiceFailure(
        retry: .never, problem: .unavailable(), reason: "no connection was free in time")
    fileprivate static let unreachable = ServiceFailure(
        retry: .never, problem: .unavailable(), reason: "no instance could be reached")
}
