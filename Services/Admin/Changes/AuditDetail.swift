import Octets
import Kit
import NIOCore

/// What the audit log keeps of a change beside who made it: of each field that is another now, what it was and what it
/// is. Never anything secret.
struct AuditDetail {
    private var members: [JSONValue.Member] = []

    /// Whether there is nothing to tell.
    var isEmpty: Bool { members.isEmpty }

    /// The detail as JSON.
    var json: String {
        var writer = JSONWriter()
        writer.value(.object(members))
        return writer.text
    }

    /// Notes a circumstance.
    mutating func note(_ name: String, _ value: some AuditValue) {
        members.append(.init(name, value.auditValue))
    }

    /// Notes a field when it is another now.
    mutating func compare<Value: AuditValue & Equatable>(_ name: String, _ before: Value, _ after: Value) {
        guard before != after else { return }
        let values = [JSONValue.Member("before", before.auditValue), .init("after", after.auditValue)]
        members.append(.init(name, .object(values)))
    }
}

/// A value that can be told in the audit log.
protocol AuditValue {
    var auditValue: JSONValue { get }
}

extension String: AuditValue {
    var auditValue: JSONValue { .string(self) }
}

extension Bool: AuditValue {
    var auditValue: JSONValue { .bool(self) }
}

extension Int: AuditValue {
    var auditValue: JSONValue { .number(String(self)) }
}

extension JSONValue: AuditValue {
    var auditValue: JSONValue { self }
}

extension [String]: AuditValue {
    var auditValue: JSONValue { .array(map { .string($0) }) }
}

extension Optional: AuditValue where Wrapped: AuditValue {
    var auditValue: JSONValue { map(\.auditValue) ?? .null }
}
