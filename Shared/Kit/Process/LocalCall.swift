import Octets
import NIOCore
import NIOPosix

/// Asks a process of this machine over HTTP/1.1: what a container's health check and the commands of an executable do.
struct LocalCall {
    let host: String
    let port: Int

    /// What came back.
    struct Answer {
        let status: Int
        let body: String
    }

    /// Sends a request; nil where no answer came within two seconds.
    /// - Parameter fields: Header lines, without their line ends.
    func send(_ method: String, _ path: String, fields: [String] = [], body: String = "") async -> Answer? {
        let host = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(.seconds(2))
        let connected = try? await bootstrap.connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        guard let channel = connected else { return nil }
        let timer = channel.channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.channel.close(promise: nil) }
        defer { timer.cancel() }
        var lines = ["\(method) \(path) HTTP/1.1", "Host: \(host):\(port)", "Connection: close"] + fields
        if !body.isEmpty { lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        let request = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        let answer = try? await channel.executeThenClose { inbound, outbound in
            try await outbound.write(request)
            var answer = ByteBuffer()
            for try await buffer in inbound { answer.writeImmutableBuffer(buffer) }
            return String(buffer: answer)
        }
        guard let answer, let status = answer.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            return nil
        }
        // A carriage return and a line feed are one character to Swift.
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1)
        return Answer(status: status, body: parts.count > 1 ? String(parts[1]) : "")
    }
}

/// `--log-level [LEVEL [TIME]]`: shows or changes the level of the process that runs with these settings.
struct LogLevelCommand {
    let process: LocalCall
    let key: InternalKey

    /// - Returns: What to print, and the exit code.
    func run(_ words: [String]) async -> (text: String, code: Int32) {
        let field = key.reveal { "\(InternalHeader.key): \($0)" }
        let answer: LocalCall.Answer?
        if let level = words.first {
            var json = JSONWriter()
            let time = words.dropFirst().first.map { [JSONValue.Member("for", .string($0))] } ?? []
            json.value(.object([.init("level", .string(level))] + time))
            answer = await process.send(
                "PUT", LogLevelEndpoints.path, fields: [field], body: json.text)
        } else {
            answer = await process.send("GET", LogLevelEndpoints.path, fields: [field])
        }
        guard let answer else { return ("no process answers on port \(process.port)", 1) }
        return (answer.body, answer.status == 200 ? 0 : 1)
    }
}
