import HTTPTypes
import Hummingbird
import Metrics

/// What is counted of one operation's requests.
struct OperationMetrics: Sendable {
    private let answers: [Counter]
    private let duration: Metrics.Timer

    /// - Parameter operation: The operation's id: one of the declared ones, so that there are no more series than routes.
    init(_ operation: String) {
        answers = (2...5).map {
            Counter(label: "gatehouse_requests_total", dimensions: [("operation", operation), ("status", "\($0)xx")])
        }
        duration = Metrics.Timer(label: "gatehouse_request_seconds", dimensions: [("operation", operation)])
    }

    func count(_ status: HTTPResponse.Status, nanoseconds: Int64) {
        answers[min(max(status.code / 100, 2), 5) - 2].increment()
        duration.recordNanoseconds(nanoseconds)
    }
}

/// The metrics of all operations of a process, found by method and template of the path.
struct OperationMetricsTable: Sendable {
    private let byPath: [String: [HTTPRequest.Method: OperationMetrics]]

    init(_ operations: [Operation]) {
        var byPath: [String: [HTTPRequest.Method: OperationMetrics]] = [:]
        for operation in operations {
            let declaration = operation.declaration
            byPath[declaration.path, default: [:]][declaration.method] = OperationMetrics(declaration.id)
        }
        self.byPath = byPath
    }

    func knows(_ path: String) -> Bool { byPath[path] != nil }

    subscript(method: HTTPRequest.Method, path: String) -> OperationMetrics? { byPath[path]?[method] }
}
