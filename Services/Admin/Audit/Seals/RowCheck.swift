import Octets
import Domain
import FoundationEssentials
import Tokens

/// Compares rows with the parts of the seals that vouch for them. No I/O: whoever holds it reads the rows, in the order of
/// their positions.
struct RowCheck {
    private let seals: [AuditSeal]
    private let tenant: UUID?
    private let droppedBefore: Int64
    private let authenticator: RecordAuthenticator
    private var index = 0
    private var found: SealParts
    private var entries: [AuditSeal.Share: UUID] = [:]
    /// Rows that were vouched for.
    private(set) var rowCount = 0

    /// - Parameters:
    ///   - seals: Seals that follow one another; at least one.
    ///   - tenant: Whose rows come, where not all do.
    ///   - droppedBefore: Months before this are not looked at: they were dropped, or are about to be.
    init(_ seals: [AuditSeal], tenant: UUID?, droppedBefore: Int64?, _ authenticator: RecordAuthenticator) {
        self.seals = seals
        self.tenant = tenant
        self.droppedBefore = droppedBefore ?? .min
        self.authenticator = authenticator
        found = SealParts(of: seals[0].number, keyVersion: seals[0].keyVersion, authenticator)
    }

    /// Takes the next row; returns what is wrong with one of the seals before it.
    mutating func add(_ row: SealedRow) throws -> AuditVerdict.Fault? {
        guard row.month >= droppedBefore else { return nil }
        while index < seals.count, row.position > seals[index].lastPosition {
            if let fault = close() { return fault }
        }
        guard index < seals.count, row.position >= seals[index].firstPosition else {
            return inserted(row.tenant, row.id, "a row is where no seal knows of any")
        }
        let share = AuditSeal.Share(tenant: row.tenant, month: row.month)
        if entries[share] == nil { entries[share] = row.id }
        try found.add(row)
        return nil
    }

    /// What is wrong with the seals that are left when no row follows.
    mutating func end() -> AuditVerdict.Fault? {
        while index < seals.count {
            if let fault = close() { return fault }
        }
        return nil
    }

    /// Compares what was found of the present seal, and goes on to the next.
    private mutating func close() -> AuditVerdict.Fault? {
        let seal = seals[index]
        let expected = seal.parts.filter { part in
            part.month >= droppedBefore && (tenant == nil || part.tenant == tenant)
        }
        var present = Dictionary(found.parts.map { (AuditSeal.Share(tenant: $0.tenant, month: $0.month), $0) }) { $1 }
        for part in expected.sorted(by: { ($0.tenant.text, $0.month) < ($1.tenant.text, $1.month) }) {
            let share = AuditSeal.Share(tenant: part.tenant, month: part.month)
            let rows = present.removeValue(forKey: share)
            if let fault = compare(part, rows, in: seal) { return fault }
            rowCount += part.rowCount
        }
        if let (share, part) = present.first {
            return inserted(share.tenant, entries[share], "\(part.rowCount) rows are where the seal knows of none")
        }
        index += 1
        entries = [:]
        if index < seals.count {
            found = SealParts(of: seals[index].number, keyVersion: seals[index].keyVersion, authenticator)
        }
        return nil
    }

    private func compare(
        _ part: AuditSeal.Part, _ present: AuditSeal.Part?, in seal: AuditSeal
    ) -> AuditVerdict.Fault? {
        let count = present?.rowCount ?? 0
        let (kind, detail): (AuditVerdict.Fault.Kind, String)
        if count < part.rowCount {
            (kind, detail) = (.rowsRemoved, "\(count) rows are left of \(part.rowCount)")
        } else if count > part.rowCount {
            (kind, detail) = (.rowsInserted, "there are \(count) rows where \(part.rowCount) were sealed")
        } else if let present, present.digest.equals(inConstantTime: part.digest) {
            return nil
        } else {
            (kind, detail) = (.rowsChanged, "one of \(count) rows is not as it was written")
        }
        return .init(
            kind: kind, seal: seal.number, tenant: part.tenant, firstPosition: seal.firstPosition,
            lastPosition: seal.lastPosition, entry: count == 1 && kind == .rowsChanged ? entry(of: part) : nil,
            detail: detail)
    }

    private func entry(of part: AuditSeal.Part) -> UUID? { entries[.init(tenant: part.tenant, month: part.month)] }

    private func inserted(_ tenant: UUID, _ entry: UUID?, _ detail: String) -> AuditVerdict.Fault {
        let seal = seals[min(index, seals.count - 1)]
        return .init(
            kind: .rowsInserted, seal: seal.number, tenant: tenant, firstPosition: seal.firstPosition,
            lastPosition: seal.lastPosition, entry: entry, detail: detail)
    }
}
