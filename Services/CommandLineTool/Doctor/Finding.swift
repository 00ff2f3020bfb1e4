import Kit

/// What the doctor says of one thing.
struct Finding: Sendable, Equatable {
    enum State: String, Sendable {
        /// As it should be.
        case ok
        /// Works, and a person should know of it.
        case note
        /// Not as it should be.
        case problem
    }

    /// What was looked at.
    let subject: String
    let state: State
    /// A sentence.
    let detail: String

    static func ok(_ subject: String, _ detail: String) -> Finding {
        Finding(subject: subject, state: .ok, detail: detail)
    }
    static func note(_ subject: String, _ detail: String) -> Finding {
        Finding(subject: subject, state: .note, detail: detail)
    }
    static func problem(_ subject: String, _ detail: String) -> Finding {
        Finding(subject: subject, state: .problem, detail: detail)
    }

    var json: JSONValue {
        .object([
            .init("subject", .string(subject)), .init("state", .string(state.rawValue)),
            .init("detail", .string(detail)),
        ])
    }
}
