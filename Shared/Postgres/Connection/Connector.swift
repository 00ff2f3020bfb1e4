import CLibPQ

/// A connection made by a connector's thread, on its way to the database thread.
///
/// Safe to pass on: whoever holds it is the only one to touch the `PGconn`, first the connector, then the database thread.
struct EstablishedConnection: @unchecked Sendable {
    let pointer: OpaquePointer
}

/// Makes one connection on a thread of its own: name resolution, TLS and SCRAM block or compute for milliseconds to
/// seconds, and the database thread has the deadlines of the living connections to keep meanwhile.
struct Connector: Sendable {
    enum Outcome: Sendable {
        case established(EstablishedConnection)
        case failed(reason: String)
    }

    let parameters: ConnectionParameters

    /// Starts an attempt. Calls `completion` once, on the attempt's thread.
    func start(_ completion: @escaping @Sendable (Outcome) -> Void) {
        let started = DetachedThread.start(name: "pg-connect") { completion(connect()) }
        if !started { completion(.failed(reason: "no thread to connect on")) }
    }

    /// Blocks for at most `connect_timeout` an address, beside name resolution.
    private func connect() -> Outcome {
        guard let pointer = parameters.withCStrings({ PQconnectdbParams($0, $1, 0) }) ?? nil else {
            return .failed(reason: "out of memory")
        }
        guard PQstatus(pointer) == CONNECTION_OK else { return fail(pointer) }
        // Without a receiver libpq prints the server's notices to standard error.
        PQsetNoticeReceiver(pointer, { _, _ in }, nil)
        guard PQsetnonblocking(pointer, 1) == 0, PQenterPipelineMode(pointer) == 1 else { return fail(pointer) }
        return .established(EstablishedConnection(pointer: pointer))
    }

    private func fail(_ pointer: OpaquePointer) -> Outcome {
        defer { PQfinish(pointer) }
        return .failed(reason: parameters.redaction.apply(String(cString: PQerrorMessage(pointer))))
    }
}

extension EstablishedConnection {
    /// Says goodbye to the server. Nobody may use the connection afterwards.
    func close() {
        PQfinish(pointer)
    }
}
