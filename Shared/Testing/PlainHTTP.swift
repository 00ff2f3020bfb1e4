import Glibc

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

    /// A request, to be sent with others at once.
    public struct Request: Sendable {
        let text: String
    }

    /// The text of a request.
    public func request(
        _ method: String, _ target: String, headers: [String] = [], body: String? = nil,
        type: String = "application/json"
    ) -> Request {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: localhost", "Connection: close"] + headers
        if let body { lines += ["Content-Type: \(type)", "Content-Length: \(body.utf8.count)"] }
        return Request(text: lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    /// Sends requests over as many connections, all of them before the first answer is read: the server has them at
    /// once. Answers come in the order of the requests.
    public func burst(_ requests: [Request]) throws -> [Answer] {
        let descriptors = try requests.map { _ in try connected() }
        defer { descriptors.forEach { close($0) } }
        for (descriptor, request) in zip(descriptors, requests) { write(Array(request.text.utf8), to: descriptor) }
        return try descriptors.map { try parse(readAll($0)) }
    }

    /// Sends a request and is gone before an answer can come.
    public func abandon(_ request: Request) throws {
        let descriptor = try connected()
        write(Array(request.text.utf8), to: descriptor)
        // Without lingering, closing resets the connection.
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close(descriptor)
    }

    /// Sends bytes and reads until the server closes.
    public func raw(_ request: String) throws -> Answer {
        let descriptor = try connected()
        defer { close(descriptor) }
        write(Array(request.utf8), to: descriptor)
        return try parse(readAll(descriptor))
    }

    private func parse(_ text: String) throws -> Answer {
        // A carriage return and a line feed are one character to Swift.
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = (parts.first ?? "").split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw ChildProcess.Failure("no answer on port \(port)")
        }
        let headers = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            let value = line[colon...].dropFirst()
            return (line[..<colon].lowercased(), String(value.drop { $0 == " " }))
        }
        return Answer(status: status, headers: headers, body: parts.count > 1 ? String(parts[1]) : "")
    }

    private func connected() throws -> CInt {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ChildProcess.Failure("no socket") }
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            throw ChildProcess.Failure("nothing listens on port \(port)")
        }
        return descriptor
    }

    private func write(_ request: [UInt8], to descriptor: CInt) {
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
    }

    private func readAll(_ descriptor: CInt) -> String {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
            received.append(contentsOf: buffer[..<count])
        }
        return String(decoding: received, as: UTF8.self)
    }
}
