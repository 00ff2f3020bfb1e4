import Kit

/// A session as its user sees it.
struct SessionView: ResponseContent {
    let session: UserSession
    /// Whether it is the one that asks.
    let isCurrent: Bool

    static let example = SessionView(session: .example, isCurrent: true)

    func write(to fields: inout some FieldSink) {
        session.write(to: &fields)
        fields.field("current", isCurrent)
    }
}

/// A list of sessions.
struct SessionList: ResponseContent {
    let sessions: [SessionView]

    static let example = SessionList(sessions: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("sessions", sessions)
    }
}

/// How many sessions were ended.
struct EndedSessions: ResponseContent {
    let count: Int

    static let example = EndedSessions(count: 3)

    func write(to fields: inout some FieldSink) {
        fields.field("revoked", count)
    }
}
