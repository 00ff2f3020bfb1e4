import Glibc
import Logging
import NIOCore
import NIOPosix
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

/// Asks a process of this machine a health question over HTTP/1.1: what a container's health check runs.
struct Probe {
    let host: String
    let port: Int

    /// Whether the answer was 200 within two seconds.
    func ask(_ path: String) async -> Bool {
        let host = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
        let (path, authority) = (path, "\(host):\(port)")
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(.seconds(2))
        let connected = try? await bootstrap.connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        guard let channel = connected else { return false }
        let timer = channel.channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.channel.close(promise: nil) }
        defer { timer.cancel() }
        let answer = try? await channel.executeThenClose { inbound, outbound in
            let request = "GET \(path) HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\n\r\n"
            try await outbound.write(ByteBuffer(string: request))
            for try await buffer in inbound { return String(buffer: buffer) }
            return ""
        }
        return answer?.hasPrefix("HTTP/1.1 200") ?? false
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
