import Logging
import NIOConcurrencyHelpers

/// Keeps what is logged.
final class LogLines: Sendable {
    struct Line: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
    }

    private let taken = NIOLockedValueBox<[Line]>([])

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(taken: self.taken) }
        logger[metadataKey: "upstream"] = "token"
        return logger
    }

    func lines(_ level: Logger.Level) -> [Line] { taken.withLockedValue { $0.filter { $0.level == level } } }

    private struct Handler: LogHandler {
        let taken: NIOLockedValueBox<[Line]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let line = Line(
                level: event.level, message: "\(event.message)", metadata: all.mapValues { "\($0)" })
            taken.withLockedValue { $0.append(line) }
        }
    }
}
