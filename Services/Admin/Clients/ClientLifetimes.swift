import Domain
import Kit
import Postgres

/// How long a client's tokens and sessions live, in seconds; nil as its tenant has it.
struct ClientLifetimes: Sendable {
    var accessToken: Int?
    var sessionIdle: Int?
    var session: Int?

    /// The columns' values, in this order.
    var values: [PostgresValue] {
        [accessToken, sessionIdle, session].map { .optional($0.map(Int32.init), PostgresValue.int4) }
    }

    func write(to fields: inout some FieldSink) {
        for (key, value) in [
            (TenantSettings.CodingKeys.accessTokenLifetime, accessToken), (.sessionIdleLifetime, sessionIdle),
            (.sessionLifetime, session),
        ] { fields.field(key.rawValue, value) }
    }

    /// Notes what is another in `after`.
    func compare(to after: ClientLifetimes, _ detail: inout AuditDetail) {
        detail.compare(TenantSettings.CodingKeys.accessTokenLifetime.rawValue, accessToken, after.accessToken)
        detail.compare(TenantSettings.CodingKeys.sessionIdleLifetime.rawValue, sessionIdle, after.sessionIdle)
        detail.compare(TenantSettings.CodingKeys.sessionLifetime.rawValue, session, after.session)
    }
}

/// What is to be another in a client's lifetimes; null gives back what its tenant has.
struct ClientLifetimesChange: RequestContent {
    private let accessToken: FieldChange<Int>
    private let sessionIdle: FieldChange<Int>
    private let session: FieldChange<Int>

    /// By the names and bounds of the tenant's settings.
    init(from fields: inout FieldReader) {
        func change(_ key: TenantSettings.CodingKeys) -> FieldChange<Int> {
            fields.change(key.rawValue, .number(key.range ?? 0...Int(Int32.max)))
        }
        accessToken = change(.accessTokenLifetime)
        sessionIdle = change(.sessionIdleLifetime)
        session = change(.sessionLifetime)
    }

    /// The lifetimes as they are to be.
    func applied(to present: ClientLifetimes) -> ClientLifetimes {
        func applied(_ change: FieldChange<Int>, _ value: Int?) -> Int? { change.isGiven ? change.value : value }
        return ClientLifetimes(
            accessToken: applied(accessToken, present.accessToken),
            sessionIdle: applied(sessionIdle, present.sessionIdle), session: applied(session, present.session))
    }
}
