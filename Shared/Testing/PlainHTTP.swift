/// A bare HTTP/1.1 client that sends what it is told, byte for byte, and adds nothing of its own.
public struct PlainHTTP: Sendable {
    /// An answer.
    public struct Answer: Sendable {
        /// The status.
        public let status: Int
        /// The fields, names in lower case.
        public let headers: [(name: String, value: String)]
        /// The body.
        public let body: String

        /// The first value of a field.
        public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    }

    /// The loopback port.
    public let port: Int

    /// A client of that port.
    public init(port: Int) {
        self.port = port
    }

    /// Sends a request and reads its answer.
    public func send(
        _ method: String, _ target: String, headers: [String] = [], body: String? = nil,
        type: String = "application/json"
    ) throws -> Answer {
        try raw(request(method, target, headers: headers, body: body, type: type).text)
    }

    /// A request, to be sent with others at once, or on a connection that stays open.
    public struct Request: Sendable {
        let port: Int
        let text: String
    }

    /// The text of a request.
    /// - Parameter keepsAlive: Whether the connection is to stay open after the answer.
    public func request(
        _ method: String, _ target: String, headers: [String] = [], body: String? = nil,
        type: String = "application/json", keepsAlive: Bool = false
    ) -> Request {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"] + headers
        if !keepsAlive { lines.append("Connection: close") }
        if let body { lines += ["Content-Type: \(type)", "Content-Length: \(body.utf8.count)"] }
        return Request(port: port, text: lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    /// Sends requests over as many connections, all of them before the first answer is read: the servers have them at
    /// once. Answers come in the order of the requests.
    public static func burst(_ requests: [Request]) throws -> [Answer] {
        let sockets = try requests.map { try LoopbackSocket(port: $0.port) }
        defer { sockets.forEach { $0.close() } }
        for (socket, request) in zip(sockets, requests) { socket.write(request.text) }
        return try sockets.map { try Answer($0.readAll()) }
    }

    /// Sends requests at once, as the static `burst` does.
    public func burst(_ requests: [Request]) throws -> [Answer] { try Self.burst(requests) }

    /// Sends a request and is gone before an answer can come.
    public func abandon(_ request: Request) throws {
        let socket = try LoopbackSocket(port: request.port)
        socket.write(request.text)
        socket.reset()
    }

    /// Sends bytes and reads until the server closes.
    public func raw(_ request: String) throws -> Answer {
        let socket = try LoopbackSocket(port: port)
        defer { socket.close() }
        socket.write(request)
        return try Answer(socket.readAll())
    }
}

extension PlainHTTP.Answer {
    /// Reads an answer that is whole.
    init(_ bytes: [UInt8]) throws {
        // A carriage return and a line feed are one character to Swift.
        let parts = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = (parts.first ?? "").split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw ChildProcess.Failure("no answer")
        }
        headers = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            let value = line[colon...].dropFirst()
            return (line[..<colon].lowercased(), String(value.drop { $0 == " " }))
        }
        self.status = status
        body = parts.count > 1 ? String(parts[1]) : ""
    }
}
