import CLibPQ
import Glibc
import NIOCore

/// Asks a new connection which timeline its server writes.
enum TimelineQuestion {
    // The name of the file that is written now begins with the timeline at once; what pg_control_checkpoint() says lags
    // behind a promotion until the next checkpoint.
    private static let query = """
        select (pg_control_system()).system_identifier, substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)
        """

    /// Blocks until `deadline` at most; null where time is up or the connection broke. The timeline is nil where the
    /// server can't tell, as a standby or a server that only speaks the protocol.
    static func ask(_ connection: OpaquePointer, until deadline: NIODeadline) -> PostgresTimeline?? {
        guard PQsendQuery(connection, query) == 1 else { return .none }
        var timeline: PostgresTimeline?
        while true {
            while PQisBusy(connection) == 1 {
                let left = deadline - .now()
                var socket = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
                guard left > .zero, poll(&socket, 1, CInt(left.nanoseconds / 1_000_000 + 1)) >= 0 || errno == EINTR,
                    PQconsumeInput(connection) == 1
                else { return .none }
            }
            guard let result = PQgetResult(connection) else { break }
            defer { PQclear(result) }
            guard PQresultStatus(result) == PGRES_TUPLES_OK, PQntuples(result) == 1 else { continue }
            timeline = read(result)
        }
        return PQstatus(connection) == CONNECTION_OK ? .some(timeline) : .none
    }

    private static func read(_ result: OpaquePointer) -> PostgresTimeline? {
        guard let system = Int64(String(cString: PQgetvalue(result, 0, 0))),
            let number = UInt32(String(cString: PQgetvalue(result, 0, 1)), radix: 16)
        else { return nil }
        return PostgresTimeline(system: system, number: number)
    }
}
