/// How many requests of one kind may be made with one key, and how that is counted.
///
/// Equal policies of one name share their counts; so do policies of one name whose numbers differ, each judging the
/// count by its own numbers, which is what happens while a changed configuration reaches one gateway after another.
public struct RatePolicy: Sendable, Hashable {
    /// How the gateways agree on a count.
    public enum Kind: Sendable, Hashable {
        /// Each decision is Redis's: exact across gateways, at the cost of a call.
        case strict
        /// Decided in memory on units leased from Redis: for policies of high volume.
        case leased
    }

    /// What is wrong with a policy.
    public enum Flaw: Error, Sendable, Hashable {
        /// Not 1 to 64 of the ASCII letters and digits, `.`, `_` and `-`.
        case name
        /// Not a whole number of seconds from one second to 366 days.
        case window
        /// Less than 1, or more than one unit a microsecond.
        case quota
        /// Less than 1, or so large that it takes more than ten years to refill.
        case burst
    }

    /// Names the policy in header fields, in Redis and in metrics.
    public let name: String
    /// Units in a window.
    public let quota: Int
    /// A whole number of seconds.
    public let window: Duration
    /// Units that may be spent at once by a key that has rested.
    public let burst: Int
    /// How the gateways agree on the count.
    public let kind: Kind

    let gcra: Gcra
    /// The policy as `RateLimit-Policy` names it: the same in each answer.
    let field: String
    /// Its name as `RateLimit` has it, up to the number of units left.
    let fieldBeginning: String
    /// Tells policies apart within this process.
    let fingerprint: UInt64

    /// A policy.
    ///
    /// - Parameters:
    ///   - name: Names the policy in header fields, in Redis and in metrics.
    ///   - quota: Units in a window.
    ///   - window: A whole number of seconds.
    ///   - burst: Units that may be spent at once; the quota unless given.
    ///   - kind: How the gateways agree on the count.
    public init(
        _ name: String, quota: Int, per window: Duration, burst: Int? = nil, kind: Kind = .strict
    ) throws(Flaw) {
        guard 1...64 ~= name.utf8.count, name.utf8.allSatisfy(Self.isNameByte) else { throw .name }
        guard .seconds(1)...(.seconds(366 * 86_400)) ~= window, window.components.attoseconds == 0 else {
            throw .window
        }
        let length = window.components.seconds * 1_000_000
        guard quota >= 1, quota <= length else { throw .quota }
        let burst = burst ?? quota
        // Rounded up: never more than the quota, and less by at most a microsecond a unit.
        let interval = (length + Int64(quota) - 1) / Int64(quota)
        let (refill, overflow) = interval.multipliedReportingOverflow(by: Int64(burst))
        guard burst >= 1, !overflow, refill <= Self.longestRefill else { throw .burst }
        self.name = name
        self.quota = quota
        self.window = window
        self.burst = burst
        self.kind = kind
        // A name needs no escapes.
        field = "\"\(name)\";q=\(quota);w=\(window.components.seconds)"
        fieldBeginning = "\"\(name)\";r="
        gcra = Gcra(interval: interval, burst: burst)
        var hasher = Hasher()
        hasher.combine(name)
        hasher.combine(quota)
        hasher.combine(length)
        hasher.combine(burst)
        hasher.combine(kind)
        fingerprint = UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// Ten years: a time since 1970 plus twice this stays exact in a double, which is what Lua counts in.
    private static let longestRefill: Microseconds = 3650 * 86_400 * 1_000_000

    var windowSeconds: Int { Int(window.components.seconds) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    public static func == (one: RatePolicy, other: RatePolicy) -> Bool {
        one.fingerprint == other.fingerprint && one.name == other.name && one.quota == other.quota
            && one.window == other.window && one.burst == other.burst && one.kind == other.kind
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(fingerprint)
    }
}
