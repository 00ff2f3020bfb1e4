import HTTPTypes

/// The operations whose paths have no placeholders, found by one look: Hummingbird's router takes every other path apart.
struct LiteralRoutes: Sendable {
    /// A class, since to copy what describes an operation takes a dozen counts of references.
    final class Entry: Sendable {
        let operation: Operation
        let metrics: OperationMetrics

        init(_ operation: Operation, _ metrics: OperationMetrics) {
            (self.operation, self.metrics) = (operation, metrics)
        }
    }

    /// Of one path, which has few methods: they are compared one after another.
    private let byPath: [String: [Entry]]

    init(_ operations: [Operation], _ metrics: OperationMetricsTable) {
        var byPath: [String: [Entry]] = [:]
        for operation in operations where !operation.declaration.path.contains("{") {
            let (path, method) = (operation.declaration.path, operation.declaration.method)
            guard let metrics = metrics[path]?[method] else { continue }
            byPath[path, default: []].append(Entry(operation, metrics))
        }
        self.byPath = byPath
    }

    /// The operation that a call is for; nil where the router has to find out.
    subscript(call: Call) -> Entry? {
        guard let path = call.head.path else { return nil }
        let query = path.utf8.firstIndex(of: UInt8(ascii: "?"))
        let entries = if let query { byPath[String(path[..<query])] } else { byPath[path] }
        return entries?.first { $0.operation.declaration.method == call.head.method }
    }
}
