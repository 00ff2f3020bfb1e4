import FoundationEssentials
import GatehouseTesting
import Glibc
import Kit

/// The collector of `otlp_receiver.py`, a process that ends with this object or this process.
final class TraceReceiver: Sendable {
    /// A span as the collector understood it.
    struct Span: Decodable {
        let resource: [String: String]
        let scope: String
        let trace: String
        let id: String
        let parent: String
        let name: String
        let kind: String
        let nanoseconds: Int64
        let begun: Int64
        let attributes: [String: Value]
        let status: String
        let key: String?

        var service: String { resource["service.name"] ?? "" }
    }

    /// Text, or a whole number as text.
    struct Value: Decodable, Equatable, CustomStringConvertible {
        let description: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                description = String(number)
            } else {
                description = try container.decode(String.self)
            }
        }
    }

    let address: String
    private let file: String
    private let process: ChildProcess

    init() throws {
        let port = try FreePort.take(1, instances: 1)[0]
        address = "http://127.0.0.1:\(port)"
        file = "/tmp/gatehouse-spans-\(getpid())-\(port).jsonl"
        let script = #filePath.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/otlp_receiver.py"
        process = try ChildProcess.start([InteroperabilityTests.python, script, "\(port)", file])
    }

    deinit {
        process.signal(SIGTERM)
        process.wait()
        unlink(file)
    }

    /// All that came so far, as it was written.
    func text() -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }

    /// All spans that came so far.
    func spans() throws -> [Span] {
        // The last line may be half written.
        let text = text()
        let lines = text.split(separator: "\n").dropLast(text.last == "\n" ? 0 : 1)
        return try lines.map { try JSONDecoder().decode(Span.self, from: Data($0.utf8)) }
    }
}
