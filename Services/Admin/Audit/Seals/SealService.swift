import Domain
import FoundationEssentials
import Logging
import Metrics
import Postgres
import ServiceLifecycle

/// Seals the audit log every few seconds, apart from the requests that write it.
///
/// The hash of each seal goes to the log: whoever cuts off the end of the chain in the database can't take it back there.
struct SealService: Service {
    let sealer: AuditSealer
    let interval: Duration
    let logger: Logger
    private let metrics = SealMetrics()

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var known = AuditSealer.Head.none
            var mark: AuditSealer.Mark?
            while !Task.isCancelled {
                do {
                    try await step(&mark, &known)
                    metrics.lastCheck.record(Date().timeIntervalSince1970)
                } catch is CancellationError {
                    break
                } catch {
                    metrics.failures.increment()
                    logger.warning("audit log not sealed", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: interval)
            }
        }
    }

    private func step(_ mark: inout AuditSealer.Mark?, _ known: inout AuditSealer.Head) async throws {
        compare(try await sealer.head(), &known)
        while !Task.isCancelled {
            let present: AuditSealer.Mark
            if let mark { present = mark } else { present = try await sealer.mark() }
            mark = present
            switch try await sealer.seal(upTo: present) {
            case .busy, .unsettled:
                return
            case .idle, .outdated:
                mark = nil
                return
            case .sealed(let head, let rows, let isMore):
                known = head
                tell(head, rows)
                if !isMore {
                    mark = nil
                    return
                }
            }
        }
    }

    /// Notices a chain that has become shorter or another one than it was.
    private func compare(_ head: AuditSealer.Head, _ known: inout AuditSealer.Head) {
        let isCut = head.number < known.number || head.number == known.number && head.hash != known.hash
        if isCut {
            metrics.cuts.increment()
            logger.error(
                "the chain of audit seals was cut: the database has lost or replaced seals that were there before",
                metadata: [
                    "known_seal": "\(known.number)", "known_hash": "\(Hexadecimal.text(known.hash))",
                    "found_seal": "\(head.number)", "found_hash": "\(Hexadecimal.text(head.hash))",
                ])
        }
        known = head
        metrics.number.record(head.number)
    }

    private func tell(_ head: AuditSealer.Head, _ rows: Int) {
        metrics.number.record(head.number)
        metrics.rows.increment(by: rows)
        logger.info(
            "audit log sealed",
            metadata: [
                "seal": "\(head.number)", "hash": "\(Hexadecimal.text(head.hash))", "rows": "\(rows)",
                "last_position": "\(head.lastPosition)",
            ])
    }
}

/// What the sealing is watched by.
private struct SealMetrics: Sendable {
    /// The number of the last seal.
    let number = Gauge(label: "gatehouse_audit_seal")
    /// When all that could be sealed was, in seconds since 1970.
    let lastCheck = Gauge(label: "gatehouse_audit_last_check_timestamp_seconds")
    /// Rows that were sealed by this process.
    let rows = Counter(label: "gatehouse_audit_sealed_rows_total")
    /// Times the chain was found shorter or another one than before.
    let cuts = Counter(label: "gatehouse_audit_chain_cuts_total")
    /// Attempts that failed.
    let failures = Counter(label: "gatehouse_audit_seal_failures_total")
}
