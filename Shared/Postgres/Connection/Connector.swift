import CLibPQ
import NIOCore

/// A connection made by a connector's thread, on its way to the database thread.
///
/// Safe to pass on: whoever holds it is the only one to touch the `PGconn`, first the connector, then the database thread.
struct EstablishedConnection: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Which of the servers it leads to.
    let server: Int
    /// Nil where the server can't tell.
    let timeline: PostgresTimeline?
}

/// Makes one connection to a server that accepts writes, on threads of its own: name resolution, TLS and SCRAM block or
/// compute for milliseconds to seconds, and the database thread has the deadlines of the living connections to keep.
struct Connector: Sendable {
    enum Outcome: Sendable {
        case established(EstablishedConnection)
        case failed(reason: String)
    }

    let parameters: ConnectionParameters
    /// Bound of the question that follows connecting.
    let questionTimeout: TimeAmount
    /// The server to begin with.
    let first: Int
    /// The latest timeline seen: a server that writes an earlier one is passed over.
    let known: PostgresTimeline?

    /// Starts an attempt. Calls `completion` once, on a thread of the attempt's.
    func start(_ completion: @escaping @Sendable (Outcome) -> Void) {
        let started = DetachedThread.start(name: "pg-connect") {
            if parameters.servers.count == 1 {
                completion(connect(to: 0))
            } else {
                completion(ServerRace(self).run())
            }
        }
        if !started { completion(.failed(reason: "no thread to connect on")) }
    }

    /// Blocks for at most `connect_timeout` an address, beside name resolution.
    func connect(to server: Int) -> Outcome {
        let parameters = parameters.servers[server]
        guard let pointer = parameters.withCStrings({ PQconnectdbParams($0, $1, 0) }) ?? nil else {
            return .failed(reason: "out of memory")
        }
        guard PQstatus(pointer) == CONNECTION_OK else { return fail(pointer) }
        // Without a receiver libpq prints the server's notices to standard error.
        PQsetNoticeReceiver(pointer, { _, _ in }, nil)
        guard let timeline = TimelineQuestion.ask(pointer, until: .now() + questionTimeout) else {
            return fail(pointer, "\(parameters.name) took the connection and then did not answer")
        }
        if let timeline, let known, timeline.isSuperseded(by: known) {
            return fail(
                pointer,
                "\(parameters.name) is an old primary: it writes timeline \(timeline.number), and \(known.number) was seen"
            )
        }
        guard PQsetnonblocking(pointer, 1) == 0, PQenterPipelineMode(pointer) == 1 else { return fail(pointer) }
        return .established(EstablishedConnection(pointer: pointer, server: server, timeline: timeline))
    }

    private func fail(_ pointer: OpaquePointer, _ reason: String? = nil) -> Outcome {
        defer { PQfinish(pointer) }
        return .failed(reason: parameters.redaction.apply(reason ?? String(cString: PQerrorMessage(pointer))))
    }
}

extension EstablishedConnection {
    /// Says goodbye to the server. Nobody may use the connection afterwards.
    func close() {
        PQfinish(pointer)
    }
}
