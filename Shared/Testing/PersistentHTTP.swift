/// A caller who keeps one connection open from request to request, as browsers do: a connection that the server ended
/// between two requests is opened anew. For one thread at a time.
public final class PersistentHTTP {
    /// What became of a request.
    public enum Outcome {
        /// It was answered.
        case answered(PlainHTTP.Answer)
        /// The connection ended before the first byte of an answer. What changes nothing may be sent once more
        /// (RFC 9112 section 9.3.1).
        case unanswered
        /// The connection could not be opened, or ended in the middle of the answer.
        case broken(String)
    }

    private var connection: LoopbackSocket?

    /// A caller without a connection.
    public init() {}

    deinit { connection?.close() }

    /// Sends a request and waits for its answer.
    public func send(_ request: PlainHTTP.Request) -> Outcome {
        if connection?.isEnded == true { end() }
        do {
            let socket = try connection ?? LoopbackSocket(port: request.port)
            connection = socket
            socket.write(request.text)
            let bytes = try answer(from: socket)
            guard !bytes.isEmpty else {
                end()
                return .unanswered
            }
            let answer = try PlainHTTP.Answer(bytes)
            if answer.header("connection") == "close" { end() }
            return .answered(answer)
        } catch {
            end()
            return .broken("\(error)")
        }
    }

    private func end() {
        connection?.close()
        connection = nil
    }

    /// The bytes of one answer, which tells its length; none where the connection ended before.
    private func answer(from socket: LoopbackSocket) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while socket.read(into: &bytes) {
            guard let head = Self.headLength(bytes) else { continue }
            let lengths = try PlainHTTP.Answer(bytes).headers.filter { $0.name == "content-length" }
            let length = lengths.first.flatMap { Int($0.value) } ?? 0
            if bytes.count >= head + length { return bytes }
        }
        guard bytes.isEmpty else { throw ChildProcess.Failure("an answer broke off") }
        guard socket.isEnded else { throw ChildProcess.Failure("no answer within 30 seconds") }
        return bytes
    }

    private static func headLength(_ bytes: [UInt8]) -> Int? {
        let end = Array("\r\n\r\n".utf8)
        guard bytes.count >= end.count else { return nil }
        return (end.count...bytes.count).first { bytes[($0 - end.count)..<$0].elementsEqual(end) }
    }
}
