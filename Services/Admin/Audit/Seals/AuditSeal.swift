import Domain
import FoundationEssentials
import Tokens

/// One link of the chain that shows whether the audit log was tampered with: it vouches for the rows of a range of
/// positions, by tenant and month, and for the link before it. Times are microseconds since 1970.
struct AuditSeal: Sendable {
    /// What it holds of one tenant and one month.
    struct Part: Sendable, Equatable {
        let tenant: UUID
        let month: Int64
        let rowCount: Int
        let digest: [UInt8]
    }

    /// The tenant and month of a part.
    struct Share: Hashable {
        let tenant: UUID
        let month: Int64
    }

    let number: Int64
    let firstPosition: Int64
    let lastPosition: Int64
    let rowCount: Int
    /// Where it tells of a retention: rows of months before this one were dropped.
    let droppedBefore: Int64?
    /// Where it tells of a retention: seals before this one were dropped.
    let firstKept: Int64?
    let sealedAt: Int64
    let keyVersion: UInt8
    let parts: [Part]

    /// Its hash.
    /// - Parameter previous: The hash of the seal before it; empty for the first one.
    /// - Throws: `KeyError.unknownVersion` where the key it was made under isn't configured.
    func hash(after previous: [UInt8], _ authenticator: RecordAuthenticator) throws(KeyError) -> [UInt8] {
        var record = RecordBytes("seal")
        record.append(number)
        record.append(previous)
        record.append(firstPosition)
        record.append(lastPosition)
        record.append(Int64(rowCount))
        record.append(ifAny: droppedBefore)
        record.append(ifAny: firstKept)
        record.append(sealedAt)
        record.append(Int64(parts.count))
        for part in parts.sorted(by: { ($0.tenant.text, $0.month) < ($1.tenant.text, $1.month) }) {
            record.append(part.tenant)
            record.append(part.month)
            record.append(Int64(part.rowCount))
            record.append(part.digest)
        }
        var code = try authenticator.begin(version: keyVersion)
        code.update(record.bytes)
        return code.bytes()
    }
}

/// The parts of one seal while its rows are gone through, in the order of their positions.
struct SealParts {
    private let number: Int64
    private let keyVersion: UInt8
    private let authenticator: RecordAuthenticator
    private var open: [AuditSeal.Share: (code: RecordCode, rowCount: Int)] = [:]

    init(of number: Int64, keyVersion: UInt8, _ authenticator: RecordAuthenticator) {
        self.number = number
        self.keyVersion = keyVersion
        self.authenticator = authenticator
    }

    /// Takes in the next row.
    /// - Throws: `KeyError.unknownVersion`.
    mutating func add(_ row: SealedRow) throws(KeyError) {
        let share = AuditSeal.Share(tenant: row.tenant, month: row.month)
        if open[share] == nil {
            var begin = RecordBytes("part")
            begin.append(number)
            var code = try authenticator.begin(version: keyVersion)
            code.update(begin.bytes)
            open[share] = (code, 0)
        }
        open[share]?.code.update(row.bytes)
        open[share]?.rowCount += 1
    }

    /// The parts, in no order.
    var parts: [AuditSeal.Part] {
        open.map { share, part in
            AuditSeal.Part(tenant: share.tenant, month: share.month, rowCount: part.rowCount, digest: part.code.bytes())
        }
    }
}
