public import Postgres
public import Redis

extension PostgresError: ProblemRepresentable {
    /// 503 when the database is away or has no room, 500 for a fault of ours.
    public var problem: Problem {
        if self == .overloaded { return .overloaded() }
        return isUnavailable ? .unavailable() : .internalError
    }
}

extension RedisError: ProblemRepresentable {
    /// 503: nothing that needs Redis alone can be answered without it.
    public var problem: Problem { .unavailable() }
}

extension InternalClient.Failure: ProblemRepresentable {
    /// 503: another process is away.
    public var problem: Problem { .unavailable() }
}
