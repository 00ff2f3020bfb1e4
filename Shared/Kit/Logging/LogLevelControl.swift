public import FoundationEssentials
public import Logging
import NIOConcurrencyHelpers
public import NIOCore

/// Changes the level from which on a process logs while it runs, and takes the change back after a time, so that a
/// level somebody set to look for something is not forgotten.
public final class LogLevelControl: Sendable {
    /// What holds now.
    public struct Present: Sendable {
        /// The level in force.
        public let level: Logger.Level
        /// `LOG_LEVEL`, which holds otherwise.
        public let configured: Logger.Level
        /// When it goes back to that; nil when it is in force.
        public let until: Date?
    }

    /// No change lasts longer.
    public static let longest = Duration.seconds(86_400)
    /// How long a change lasts unless told.
    public static let ordinary = Duration.seconds(600)

    private struct Change {
        let number: Int
        let until: Date
        let end: Scheduled<Void>
    }

    private let output: LogOutput
    private let configured: Logger.Level
    private let eventLoop: any EventLoop
    private let logger: Logger
    private struct State {
        var change: Change?
        var number = 0
    }

    private let state = NIOLockedValueBox(State())

    /// A control of that output, whose level now is the configured one.
    /// - Parameter eventLoop: Where the time is kept.
    public init(output: LogOutput, eventLoop: any EventLoop, logger: Logger) {
        self.output = output
        self.configured = output.level
        self.eventLoop = eventLoop
        self.logger = logger
    }

    /// What holds now.
    public var present: Present {
        state.withLockedValue { Present(level: output.level, configured: configured, until: $0.change?.until) }
    }

    /// Logs from that level on for a time; with the configured level, ends a change that is in force.
    public func set(_ level: Logger.Level, for time: Duration = LogLevelControl.ordinary) {
        let time = min(time, Self.longest)
        state.withLockedValue { state in
            state.change?.end.cancel()
            state.change = nil
            state.number += 1
            let number = state.number
            if level != configured {
                let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
                let end = eventLoop.scheduleTask(in: TimeAmount(time)) { self.restore(number) }
                state.change = Change(number: number, until: Date(timeIntervalSinceNow: seconds), end: end)
            }
            output.level = level
        }
        logger.notice("log level changed", metadata: ["level": "\(level)", "configured": "\(configured)"])
    }

    private func restore(_ number: Int) {
        let isDone = state.withLockedValue { state in
            // Another change may have come while this one's end waited for the lock.
            guard state.number == number else { return false }
            state.change = nil
            output.level = configured
            return true
        }
        guard isDone else { return }
        logger.notice("log level restored", metadata: ["level": "\(configured)"])
    }
}
