import Octets
import Domain
import FoundationEssentials
import Kit
import NIOCore

/// What became of one row, as the report tells it.
struct RowOutcome: Equatable {
    enum Status: String, CaseIterable {
        case created, updated, unchanged, skipped, failed
    }

    let line: Int64
    var status: Status
    var user: UUID?
    var faults: RowFaults?

    /// One line of the report.
    func write(to report: inout ByteBuffer) {
        var json = JSONWriter()
        json.beginObject()
        json.member("line", line)
        json.member("status", status.rawValue)
        if let user {
            json.member("id", user.text)
        }
        if let faults {
            json.name("errors")
            json.beginArray()
            for error in faults.errors {
                json.beginObject()
                if !error.pointer.isEmpty {
                    json.member("field", String(error.pointer.dropFirst()))
                }
                json.member("code", error.code)
                json.member("detail", error.detail)
                json.endObject()
            }
            json.endArray()
        }
        json.endObject()
        report.writeBytes(json.bytes)
        report.writeStaticString("\n")
    }
}

/// How many rows came to what.
struct ImportCounts: Equatable {
    private var counts: [RowOutcome.Status: Int64] = [:]

    subscript(_ status: RowOutcome.Status) -> Int64 {
        get { counts[status] ?? 0 }
        set { counts[status] = newValue }
    }

    mutating func add(_ outcomes: [RowOutcome]) {
        for outcome in outcomes { self[outcome.status] += 1 }
    }
}
