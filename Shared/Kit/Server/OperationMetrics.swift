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
    /// Of one path, which has few methods: they are compared one after another.
    struct Methods: Sendable {
        fileprivate var entries: [(method: HTTPRequest.Method, metrics: OperationMetrics)] = []

        subscript(method: HTTPRequest.Method) -> OperationMetrics? {
            entries.first { $0.method == method }?.metrics
        }
    }

    private let byPath: [String: Methods]

    init(_ operations: [Operation]) {
        var byPath: [String: Methods] = [:]
        for operation in operations {
            let declaration = operation.declaration
            byPath[declaration.path, default: Methods()].entries.append(
                (declaration.method, OperationMetrics(declaration.id)))
        }
        self.byPath = byPath
    }

    /// The metrics of a path's methods; nil where no operation has the path.
    subscript(path: String) -> Methods? { byPath[path] }
}
