/// What a request was told by all policies that apply to it.
public struct Verdict: Sendable {
    /// Whether every policy has a unit for the request. If not, none was charged.
    public private(set) var isAdmitted = true
    // The first apart, so that a request under one policy costs no allocation.
    private var first: Standing?
    private var others: [Standing] = []

    /// How the demands stand, in no particular order. Where a leased policy refuses, Redis is not asked, and the strict
    /// ones are missing.
    public var limits: [Standing] { (first.map { [$0] } ?? []) + others }

    /// The one closest to exhaustion: of those that refuse, the one to be waited for the longest; else the one with the
    /// fewest units left. Nil where the request had no demands.
    public var tightest: Standing? {
        guard var tightest = first else { return nil }
        for standing in others where standing.isTighter(than: tightest) { tightest = standing }
        return tightest
    }

    mutating func append(_ standing: Standing) {
        if !standing.isAdmitted { isAdmitted = false }
        if first == nil { first = standing } else { others.append(standing) }
    }

    /// Puts each standing to what becomes of it.
    mutating func update(_ change: (Standing) -> Standing) {
        if let standing = first { first = change(standing) }
        for index in others.indices { others[index] = change(others[index]) }
    }

    /// Counts what was charged and what was refused.
    func count() {
        if let first { count(first) }
        for standing in others { count(standing) }
    }

    private func count(_ standing: Standing) {
        if isAdmitted || !standing.isAdmitted {
            standing.terms.count(standing.source, isAdmitted: standing.isAdmitted)
        }
    }
}
