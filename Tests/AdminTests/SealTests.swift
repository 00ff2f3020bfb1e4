import Domain
import FoundationEssentials
import Testing
import Tokens

@testable import Admin

@Suite("Seals of the audit log")
struct SealTests {
    private let tenant = UUID(high: 1, low: 2)
    private let authenticator: RecordAuthenticator

    init() throws {
        authenticator = RecordAuthenticator(
            purpose: "audit", current: try MasterKey(bytes: [UInt8](repeating: 7, count: 32)))
    }

    private func row(
        _ position: Int64, tenant: UUID? = nil, month: Int64 = 0, action: String = "user.changed",
        target: String? = "t", address: String? = nil
    ) -> SealedRow {
        SealedRow(
            tenant: tenant ?? self.tenant, id: UUID(high: 9, low: UInt64(position)), position: position, createdAt: 5,
            month: month, actorKind: "user", actorID: nil, action: action, targetKind: "user", targetID: target,
            address: address, requestID: "r", detail: "{}")
    }

    /// A chain over rows of positions that rise, `width` positions a seal.
    private func chain(_ rows: [SealedRow], width: Int64 = 2) throws -> [ChainCheck.Stored] {
        var chain: [ChainCheck.Stored] = []
        for first in stride(from: Int64(1), through: rows.last?.position ?? 0, by: Int(width)) {
            let number = Int64(chain.count + 1)
            let inside = rows.filter { (first..<first + width).contains($0.position) }
            var parts = SealParts(of: number, keyVersion: 1, authenticator)
            for row in inside { try parts.add(row) }
            chain.append(
                try stored(
                    after: chain.last,
                    .init(
                        number: number, firstPosition: first, lastPosition: first + width - 1, rowCount: inside.count,
                        droppedBefore: nil, firstKept: nil, sealedAt: 5, keyVersion: 1, parts: parts.parts)))
        }
        return chain
    }

    private func stored(after last: ChainCheck.Stored?, _ seal: AuditSeal) throws -> ChainCheck.Stored {
        .init(seal: seal, hash: try seal.hash(after: last?.hash ?? [], authenticator))
    }

    private func fault(
        _ chain: [ChainCheck.Stored], anchor: ChainCheck.Anchor? = nil, _ authenticator: RecordAuthenticator? = nil
    ) -> AuditVerdict.Fault? {
        var check = ChainCheck(authenticator ?? self.authenticator, anchor: anchor)
        for stored in chain {
            if let fault = check.add(stored) { return fault }
        }
        return check.end()
    }

    private func fault(
        _ rows: [SealedRow], of chain: [ChainCheck.Stored], tenant: UUID? = nil, droppedBefore: Int64? = nil
    )
        throws -> AuditVerdict.Fault?
    {
        var check = RowCheck(chain.map(\.seal), tenant: tenant, droppedBefore: droppedBefore, authenticator)
        for row in rows {
            if let fault = try check.add(row) { return fault }
        }
        return check.end()
    }

    @Test("a row's bytes are these: what was sealed by an earlier version is still intact")
    func canonicalBytes() {
        var expected: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 3] + Array("row".utf8)
        expected += [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]
        expected += [0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 1, 3]
        expected += [0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 5]
        expected += [0, 0, 0, 0, 0, 0, 0, 4] + Array("user".utf8) + [0]
        expected += [0, 0, 0, 0, 0, 0, 0, 12] + Array("user.changed".utf8)
        expected +=
            [0, 0, 0, 0, 0, 0, 0, 4] + Array("user".utf8) + [1, 0, 0, 0, 0, 0, 0, 0, 1] + Array("t".utf8) + [0]
        expected += [1, 0, 0, 0, 0, 0, 0, 0, 1] + Array("r".utf8) + [0, 0, 0, 0, 0, 0, 0, 2] + Array("{}".utf8)
        #expect(row(259).bytes == expected)
    }

    @Test("what moves from one column to the next, or is null instead of empty, gives other bytes")
    func unambiguous() {
        let rows = [
            row(1), row(2), row(1, action: "user.change"), row(1, target: nil), row(1, target: ""),
            row(1, target: "t", address: ""), row(1, tenant: UUID(high: 1, low: 3)),
        ]
        #expect(Set(rows.map(\.bytes)).count == rows.count)
    }

    @Test("a chain as it was written has no fault")
    func intact() throws {
        let rows = (1...9).map { row($0, month: $0 < 4 ? 10 : 20) }
        let chain = try chain(rows)
        #expect(fault(chain) == nil)
        #expect(try fault(rows, of: chain) == nil)
    }

    @Test("a row that was changed, removed or inserted is found in its seal")
    func rows() throws {
        let rows = (Int64(1)...8).filter { $0 != 5 }.map { row($0) }
        let chain = try chain(rows)
        var changed = rows
        changed[3] = row(4, action: "user.locked")
        let found = try #require(try fault(changed, of: chain))
        #expect(found.kind == .rowsChanged)
        #expect(found.seal == 2)
        #expect(try fault(rows.filter { $0.position != 4 }, of: chain)?.kind == .rowsRemoved)
        let last = try #require(try fault(Array(rows.dropLast()), of: chain))
        #expect((last.kind, last.seal) == (.rowsRemoved, 4))
        let inserted = try #require(try fault(rows[..<4] + [row(5)] + rows[4...], of: chain))
        #expect((inserted.kind, inserted.seal) == (.rowsInserted, 3))
        let foreign = try #require(
            try fault(rows[..<4] + [row(5, tenant: UUID(high: 4, low: 4))] + rows[4...], of: chain))
        #expect((foreign.kind, foreign.entry) == (.rowsInserted, row(5).id))
        #expect(try fault([row(0)] + rows, of: chain)?.kind == .rowsInserted)
    }

    @Test("rows that were exchanged are found")
    func order() throws {
        let chain = try chain([row(1, action: "a"), row(2, action: "b")])
        #expect(try fault([row(1, action: "b"), row(2, action: "a")], of: chain)?.kind == .rowsChanged)
    }

    @Test("of one tenant, only its own rows are needed")
    func tenants() throws {
        let other = UUID(high: 3, low: 3)
        let rows = (Int64(1)...8).map { row($0, tenant: $0 % 3 == 0 ? other : nil) }
        let chain = try chain(rows, width: 4)
        #expect(try fault(rows.filter { $0.tenant == other }, of: chain, tenant: other) == nil)
        #expect(try fault(rows.filter { $0.tenant == tenant }, of: chain, tenant: tenant) == nil)
        #expect(try fault([], of: chain, tenant: other)?.tenant == other)
    }

    @Test("a seal that was removed, changed, or made without the key is found")
    func seals() throws {
        let chain = try chain((1...10).map { row($0) })
        var removed = chain
        removed.remove(at: 2)
        #expect(fault(removed)?.kind == .sealMissing)
        #expect(fault(removed)?.seal == 3)
        let stranger = RecordAuthenticator(
            purpose: "audit", current: try MasterKey(bytes: [UInt8](repeating: 8, count: 32)))
        #expect(fault(chain, stranger)?.kind == .sealChanged)
        let newer = RecordAuthenticator(
            purpose: "audit", current: try MasterKey(version: 2, bytes: [UInt8](repeating: 7, count: 32)))
        #expect(fault(chain, newer)?.kind == .keyMissing)
        var withoutPart = chain
        let seal = chain[1].seal
        withoutPart[1] = .init(
            seal: .init(
                number: seal.number, firstPosition: seal.firstPosition, lastPosition: seal.lastPosition,
                rowCount: seal.rowCount, droppedBefore: nil, firstKept: nil, sealedAt: 5, keyVersion: 1, parts: []),
            hash: chain[1].hash)
        #expect(fault(withoutPart)?.seal == 2)
        #expect(fault(Array(chain.dropFirst()))?.kind == .sealMissing)
    }

    @Test("an end that was cut off is found by a seal that was noted down")
    func anchor() throws {
        let chain = try chain((1...10).map { row($0) })
        let note = ChainCheck.Anchor(number: 5, hash: Hexadecimal.text(chain[4].hash))
        #expect(fault(chain, anchor: note) == nil)
        #expect(fault(Array(chain.dropLast()), anchor: note)?.kind == .sealMissing)
        #expect(fault(Array(chain.dropLast())) == nil, "without the note, nobody can tell")
        let forged = ChainCheck.Anchor(number: 4, hash: note.hash)
        #expect(fault(chain, anchor: forged)?.kind == .sealChanged)
    }

    @Test("after a retention the chain begins where a seal says so, and no later")
    func retention() throws {
        let rows = (1...8).map { row($0, month: $0 < 5 ? 10 : 20) }
        var chain = try chain(rows)
        chain.append(
            try stored(
                after: chain.last,
                .init(
                    number: 5, firstPosition: 9, lastPosition: 8, rowCount: 0, droppedBefore: 20, firstKept: 2,
                    sealedAt: 5,
                    keyVersion: 1, parts: [])))
        #expect(fault(chain) == nil)
        #expect(fault(Array(chain.dropFirst())) == nil)
        #expect(fault(Array(chain.dropFirst(2)))?.kind == .sealMissing)
        #expect(try fault(Array(rows[4...]), of: Array(chain.dropFirst()), droppedBefore: 20) == nil)
        #expect(try fault(Array(rows[5...]), of: Array(chain.dropFirst()), droppedBefore: 20)?.kind == .rowsRemoved)
    }
}
