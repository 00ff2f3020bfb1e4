import FoundationEssentials
import HTTPTypes
import Logging

/// Shows and changes the level a process logs from, on its internal port, for whoever has the internal key.
struct LogLevelEndpoints: Sendable {
    static let path = "/internal/log-level"

    let control: LogLevelControl

    var endpoints: [Operation] { [show, change] }

    private var show: Operation {
        Route(
            .get, Self.path, id: "logLevel", tag: "internal", summary: "The level that is logged from",
            access: .processes
        ).handle { _ in LogLevelView(control.present) }
    }

    private var change: Operation {
        Route(
            .put, Self.path, id: "changeLogLevel", tag: "internal", summary: "Log from another level for a while",
            access: .processes
        ).handle(LogLevelChange.self) { _, input in
            control.set(input.level, for: input.time)
            return LogLevelView(control.present)
        }
    }
}

/// A level and how long it is to hold.
struct LogLevelChange: RequestContent {
    let level: Logger.Level
    let time: Duration

    init(from fields: inout FieldReader) {
        let word = fields.required("level", .word(Logger.Level.allCases.map(\.rawValue)))
        level = Logger.Level(rawValue: word) ?? .info
        time = fields.optional("for", Self.duration) ?? LogLevelControl.ordinary
    }

    private static let duration = FieldType<String>.text(1...16).map(placeholder: LogLevelControl.ordinary) { text in
        guard let duration = DurationText.parse(text), duration > .zero, duration <= LogLevelControl.longest else {
            return .failure(.init("not_a_duration", "must be a duration up to 24h, such as 10m"))
        }
        return .success(duration)
    }
}

/// What holds, as JSON.
struct LogLevelView: ResponseContent {
    static let example = LogLevelView(
        .init(level: .debug, configured: .info, until: Date(timeIntervalSince1970: 1_760_000_000)))

    private let present: LogLevelControl.Present

    init(_ present: LogLevelControl.Present) { self.present = present }

    func write(to fields: inout some FieldSink) {
        fields.field("level", present.level.rawValue)
        fields.field("configured", present.configured.rawValue)
        fields.field("until", present.until)
    }
}
