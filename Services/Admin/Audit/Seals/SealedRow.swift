import FoundationEssentials
import Postgres

/// A row of the audit log as it is sealed: every column, times in microseconds since 1970.
struct SealedRow {
    let tenant: UUID
    let id: UUID
    let position: Int64
    let createdAt: Int64
    /// The month it was written in, which is the partition that it leaves with.
    let month: Int64
    let actorKind: String
    let actorID: String?
    let action: String
    let targetKind: String
    let targetID: String?
    let address: String?
    let requestID: String?
    let detail: String

    /// What the code is made over. Changing this would make every seal look broken.
    var bytes: [UInt8] {
        var record = RecordBytes("row")
        record.append(tenant)
        record.append(id)
        record.append(position)
        record.append(createdAt)
        record.append(actorKind)
        record.append(ifAny: actorID)
        record.append(action)
        record.append(targetKind)
        record.append(ifAny: targetID)
        record.append(ifAny: address)
        record.append(ifAny: requestID)
        record.append(detail)
        return record.bytes
    }
}

extension SealedRow {
    /// Reads a row of one of `SealStatements`.
    init(_ row: PostgresRow) throws(PostgresError) {
        tenant = try row.decode(0)
        id = try row.decode(1)
        position = try row.decode(2)
        createdAt = try row.decode(3)
        month = try row.decode(4)
        actorKind = try row.decode(5)
        actorID = try row.decode(6)
        action = try row.decode(7)
        targetKind = try row.decode(8)
        targetID = try row.decode(9)
        address = try row.decode(10)
        requestID = try row.decode(11)
        detail = try row.decode(12)
    }
}
