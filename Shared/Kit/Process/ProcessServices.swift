import Glibc
import Logging
import NIOCore
public import ServiceLifecycle

/// Tries what a process must have done before it is ready until it succeeds, then lets readiness turn green.
struct Preparation: Service {
    let health: Health
    let logger: Logger
    let prepare: @Sendable () async throws -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var pause = Duration.milliseconds(50)
            while !Task.isCancelled {
                do {
                    try await prepare()
                    health.started()
                    logger.info("ready")
                    break
                } catch let problems as ConfigurationProblems {
                    logger.critical("\(problems)")
                } catch {
                    logger.notice("not ready yet", metadata: ["reason": "\(error)"])
                }
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(1))
            }
        }
    }
}

/// A server whose failure to listen is told as a sentence.
public struct ListeningServer: Service {
    private let server: any Service
    private let port: Int
    private let setting: String

    /// A server on `port`, which the setting of that name chooses.
    public init(server: any Service, port: Int, setting: String) {
        self.server = server
        self.port = port
        self.setting = setting
    }

    public func run() async throws {
        do {
            try await server.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ConfigurationProblems([
                ConfigurationProblem(setting, "port \(port) is taken by another process; choose another")
            ])
        }
    }
}

/// Turns readiness red as soon as shutdown begins, before anything closes: those who choose where connections go get
/// time to see it.
struct DrainMarker: Service {
    let health: Health
    let notice: ShutdownNotice
    /// How long all goes on as before.
    let delay: Duration

    func run() async throws {
        try? await gracefulShutdown()
        health.draining()
        notice.give()
        try? await Task.sleep(for: delay)
    }
}

/// Text to a standard stream before there is a logger.
enum FileHandleText {
    static func standardError(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}
