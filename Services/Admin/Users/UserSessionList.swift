import Kit

/// A user's sessions.
struct UserSessionList: ResponseContent {
    let sessions: [UserSession]

    static let example = UserSessionList(sessions: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("sessions", sessions)
    }
}

/// How many sessions were ended.
struct RevokedSessions: ResponseContent {
    let count: Int

    static let example = RevokedSessions(count: 3)

    func write(to fields: inout some FieldSink) {
        fields.field("revoked", count)
    }
}
