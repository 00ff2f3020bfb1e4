import Domain
import FoundationEssentials
import Kit
import Tokens

/// `gatehouse-admin --verify-audit [TENANT-ID] [SEAL:HASH]`: checks the audit log and exits with 0 when it is intact, else 1.
enum VerificationCommand {
    static let command = ProcessCommand("--verify-audit") { context, words in
        var tenant: UUID?
        var anchor: ChainCheck.Anchor?
        for word in words {
            let parts = word.split(separator: ":")
            if let id = UUID(canonical: word) {
                tenant = id
            } else if parts.count == 2, let number = Int64(parts[0]), parts[1].utf8.count == 64 {
                anchor = .init(number: number, hash: parts[1].lowercased())
            } else {
                print("\(word) is neither the id of a tenant nor a seal that was noted down, NUMBER:HASH")
                return 64
            }
        }
        let verifier = AuditVerifier(postgres: context.postgres, authenticator: .audit(context.values))
        let verdict = try await verifier.verify(tenant: tenant, anchor: anchor)
        print(report(verdict))
        return verdict.fault == nil ? 0 : 1
    }

    /// The verdict in sentences.
    static func report(_ verdict: AuditVerdict) -> String {
        var lines: [String] = []
        if let fault = verdict.fault {
            lines.append("NOT INTACT: \(fault.kind.rawValue) at seal \(fault.seal): \(fault.detail)")
            if let tenant = fault.tenant { lines.append("  tenant     \(tenant.text)") }
            if let first = fault.firstPosition, let last = fault.lastPosition {
                lines.append("  positions  \(first) to \(last)")
            }
            if let entry = fault.entry { lines.append("  row        \(entry.text)") }
        } else {
            lines.append("intact: \(verdict.rows) rows; \(verdict.unsealed) are not sealed yet")
        }
        if let droppedBefore = verdict.droppedBefore {
            lines.append("rows before \(Timestamp.text(AuditVerdict.date(droppedBefore))) were dropped by retention")
        }
        if verdict.head.number > 0 {
            lines.append("seals \(verdict.firstSeal) to \(verdict.head.number)")
            lines.append("last seal  \(verdict.head.number):\(Hexadecimal.text(verdict.head.hash))")
        }
        return lines.joined(separator: "\n")
    }
}

extension RecordAuthenticator {
    /// What the audit log is sealed with.
    static func audit(_ values: ConfigurationValues) -> RecordAuthenticator {
        RecordAuthenticator(
            purpose: "audit", current: values[MasterKeySettings.masterKey],
            previous: values[MasterKeySettings.acceptedMasterKeys])
    }
}
