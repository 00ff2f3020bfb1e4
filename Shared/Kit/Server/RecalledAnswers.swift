import Domain
import FoundationEssentials
import HTTP2
import HTTPFields
import HTTPTypes
import NIOCore

/// Answers requests whose answer is at hand straight from their fields: no task, no router, nothing allocated.
///
/// Whatever is out of the ordinary, were it only that the answer is not there, is left to the responder, which says of the
/// same request what is to be said.
struct RecalledAnswers: Sendable {
    private struct Entry: Sendable {
        let path: [UInt8]
        let recall: Operation.Recall
        let metrics: OperationMetrics
    }

    private let entries: [Entry]
    private let internalKey: InternalKey
    private let isRevoked: @Sendable (RevocableToken) -> Bool
    private let recordsTraces: Bool

    init(
        _ operations: [Operation], _ metrics: OperationMetricsTable, internalKey: InternalKey, recordsTraces: Bool,
        isRevoked: @escaping @Sendable (RevocableToken) -> Bool
    ) {
        entries = operations.compactMap { operation in
            let declaration = operation.declaration
            guard let recall = operation.recall, let metrics = metrics[declaration.path]?[declaration.method] else {
                return nil
            }
            precondition(
                declaration.method == .get && declaration.access == .bearer && !declaration.path.contains("{"),
                "\(declaration.id) can't be answered from its caller alone")
            return Entry(path: Array(declaration.path.utf8), recall: recall, metrics: metrics)
        }
        self.internalKey = internalKey
        self.isRevoked = isRevoked
        self.recordsTraces = recordsTraces
    }

    /// The body of the answer to a request without one.
    func body(for head: HeaderBlock) -> ByteBuffer? {
        guard !entries.isEmpty, let entry = head.withValue(of: ":path", { path in entry(path) }) ?? nil else {
            return nil
        }
        let started = NIODeadline.now()
        var request = Fields()
        head.forEach { name, value in request.take(name, value, internalKey, recordsTraces: recordsTraces) }
        guard let caller = request.caller, !isRevoked(request.token), let body = entry.recall(caller) else {
            return nil
        }
        entry.metrics.count(.ok, nanoseconds: (NIODeadline.now() - started).nanoseconds)
        return body
    }

    private func entry(_ path: UnsafeRawBufferPointer) -> Entry? {
        entries.first { $0.path.count == path.count && $0.path.elementsEqual(path) }
    }

    /// What of the fields decides. Two fields of one name, or one that can't be read, are not ordinary.
    private struct Fields {
        private var isOrdinary = true
        private var isGet = false
        private var isOurs = false
        private var isClient = false
        private var tenant: UUID?
        private var user: UUID?
        private var session: UUID?
        private var organization: UUID?
        private var id: UUID?
        private var epoch: Int64 = 0

        var caller: Caller? {
            guard isOrdinary, isGet, isOurs, isClient, session != nil, let tenant, let user else { return nil }
            return Caller(tenant: tenant, user: user, organization: organization)
        }

        var token: RevocableToken { RevocableToken(session: session, id: id, user: user, epoch: epoch) }

        mutating func take(
            _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ key: InternalKey, recordsTraces: Bool
        ) {
            if InternalHeader.isOnlyName(name, value) { return }
            if name.begins(with: InternalHeader.prefix) {
                takeInternal(name, value, key)
            } else if name.equals(":method") {
                isGet = value.equals("GET")
            } else if name.equals("cache-control") {
                // It may be a wish for an answer that is not from a cache.
                isOrdinary = false
            } else if recordsTraces, name.equals(InternalHeader.traceparent) {
                // A trace that is recorded has a span of this; the last two digits tell.
                isOrdinary = isOrdinary && value.count == 55 && value[53] == 0x30 && value[54] == 0x30
            }
        }

        private mutating func takeInternal(
            _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ key: InternalKey
        ) {
            if name.equals(InternalHeader.key) {
                isOurs = key.matches(value)
            } else if name.equals(InternalHeader.tenant) {
                tenant = read(value, tenant)
            } else if name.equals(InternalHeader.subject) {
                user = read(value, user)
            } else if name.equals(InternalHeader.session) {
                session = read(value, session)
            } else if name.equals(InternalHeader.token) {
                id = read(value, id)
            } else if name.equals(InternalHeader.organization) {
                organization = read(value, organization)
            } else if name.equals(InternalHeader.client) {
                isClient = true
            } else if name.equals(InternalHeader.epoch) {
                if let number = Int64(String(decoding: value, as: UTF8.self)) {
                    epoch = number
                } else {
                    isOrdinary = false
                }
            } else if name.equals(InternalHeader.permissions) {
                // Tokens with custom roles are revoked by the names of these, too.
                isOrdinary = false
            }
        }

        private mutating func read(_ value: UnsafeRawBufferPointer, _ present: UUID?) -> UUID? {
            let id = UUID(canonical: value)
            if id == nil || present != nil { isOrdinary = false }
            return id
        }
    }
}
