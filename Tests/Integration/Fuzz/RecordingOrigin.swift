import Glibc
import Synchronization

/// An operator's service that notes what it is asked, and answers each request with the words that tell it apart. Ends
/// with the test process.
final class RecordingOrigin: Sendable {
    struct Record {
        /// Requests that came whole, and how often.
        var whole: [StrictRequests.Request: Int] = [:]
        /// Requests that broke off.
        var open: [StrictRequests.Request] = []
        /// What came instead of a request.
        var faults: [String] = []
        /// Connections that are there.
        var connections = 0
    }

    let port: Int
    private let notes: Notes

    var record: Record { notes.record.withLock { $0 } }

    init() throws {
        let notes = Notes()
        self.notes = notes
        port = try LoopbackListener.start { Self.serve($0, notes) }
    }

    private final class Notes: Sendable {
        let record = Mutex(Record())
    }

    private static func serve(_ connection: CInt, _ notes: Notes) {
        notes.record.withLock { $0.connections += 1 }
        defer { notes.record.withLock { $0.connections -= 1 } }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var bytes: [UInt8] = []
        while case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
            bytes += buffer[..<count]
            let read = StrictRequests(bytes)
            for request in read.whole {
                notes.record.withLock { $0.whole[request, default: 0] += 1 }
                let answer = answer(to: request)
                let body = request.method == "HEAD" ? "" : answer
                LoopbackListener.say(
                    "HTTP/1.1 200 OK\r\nContent-Length: \(answer.utf8.count)\r\n\r\n\(body)", connection)
            }
            if read.end == .fault { notes.record.withLock { $0.faults.append(String(decoding: bytes, as: UTF8.self)) } }
            // The gateway asks one thing after the other: nothing of a second request is there when the first is whole.
            if !read.whole.isEmpty { bytes = [] }
        }
        if let open = StrictRequests(bytes).open { notes.record.withLock { $0.open.append(open) } }
    }

    /// The body of the answer to a request.
    static func answer(to request: StrictRequests.Request) -> String {
        "\(request.method) \(request.target) \(request.body.count)"
    }
}
