import Octets
import Domain
import Tokens

/// Follows the chain of seals link by link. No I/O: whoever holds it reads the seals, in order.
struct ChainCheck {
    /// A seal as it is stored.
    struct Stored: Sendable {
        let seal: AuditSeal
        let hash: [UInt8]
    }

    /// A seal that somebody noted down elsewhere.
    struct Anchor: Sendable, Equatable {
        let number: Int64
        /// In hexadecimal.
        let hash: String
    }

    private let authenticator: RecordAuthenticator
    private let anchor: Anchor?
    private var previous: Stored?
    private(set) var first: Int64?
    private(set) var head = AuditSealer.Head.none
    private(set) var droppedBefore: Int64?
    /// The lowest seal that has to be there.
    private var firstKept: Int64 = 1

    init(_ authenticator: RecordAuthenticator, anchor: Anchor? = nil) {
        self.authenticator = authenticator
        self.anchor = anchor
    }

    /// Takes the next seal; returns what is wrong with it.
    mutating func add(_ stored: Stored) -> AuditVerdict.Fault? {
        let seal = stored.seal
        defer {
            previous = stored
            first = first ?? seal.number
            head = .init(
                number: seal.number, lastPosition: seal.lastPosition, hash: stored.hash, sealedAt: seal.sealedAt)
        }
        if let anchor, anchor.number == seal.number, anchor.hash != Hexadecimal.text(stored.hash) {
            return fault(.sealChanged, seal, "this seal is another one than the one that was noted down")
        }
        // The first that is left vouches for nothing itself: the next one's hash is over its hash.
        if previous == nil, seal.number > 1 { return nil }
        if let previous, seal.number != previous.seal.number + 1 {
            return .init(
                kind: .sealMissing, seal: previous.seal.number + 1,
                detail: "there is no seal between \(previous.seal.number) and \(seal.number)")
        }
        do throws(KeyError) {
            let hash = try seal.hash(after: previous?.hash ?? [], authenticator)
            guard hash.equals(inConstantTime: stored.hash) else {
                return fault(.sealChanged, seal, "the seal or one of its parts is not as it was written")
            }
        } catch {
            return fault(
                .keyMissing, seal, "it was made under master key \(seal.keyVersion), which MASTER_KEY_ACCEPTED lacks")
        }
        if previous != nil || seal.number == 1, let droppedBefore = seal.droppedBefore {
            self.droppedBefore = max(droppedBefore, self.droppedBefore ?? droppedBefore)
            firstKept = max(firstKept, seal.firstKept ?? 1)
        }
        return nil
    }

    /// What is wrong when no seal follows.
    func end() -> AuditVerdict.Fault? {
        if let first, first > firstKept {
            return .init(
                kind: .sealMissing, seal: firstKept,
                detail: "the seals before \(first) are gone, and no retention tells of it")
        }
        if let anchor, anchor.number > head.number {
            return .init(
                kind: .sealMissing, seal: head.number + 1,
                detail: "the chain ends before seal \(anchor.number), which was noted down")
        }
        return nil
    }

    private func fault(_ kind: AuditVerdict.Fault.Kind, _ seal: AuditSeal, _ detail: String) -> AuditVerdict.Fault {
        .init(
            kind: kind, seal: seal.number, firstPosition: seal.firstPosition, lastPosition: seal.lastPosition,
            detail: detail)
    }
}
