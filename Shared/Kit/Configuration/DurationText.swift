/// Durations as operators write them: `250ms`, `5s`, `1h30m`.
enum DurationText {
    private static let units: [(suffix: String, nanoseconds: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1_000),
    ]

    /// Reads one or more number-and-unit pairs, or a bare number of seconds; nil when it is neither or too great.
    static func parse(_ text: String) -> Duration? {
        if let seconds = number(text[...]) {
            let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
            return overflow ? nil : .nanoseconds(nanoseconds)
        }
        var rest = text[...]
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(letters.count)
            guard let count = number(digits), let unit = units.first(where: { $0.suffix == letters }) else {
                return nil
            }
            let (part, partOverflow) = count.multipliedReportingOverflow(by: unit.nanoseconds)
            let (sum, sumOverflow) = total.addingReportingOverflow(part)
            guard !partOverflow, !sumOverflow else { return nil }
            total = sum
        }
        return text.isEmpty ? nil : .nanoseconds(total)
    }

    /// The same in the greatest units that divide it: `1h30m`, `250ms`.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        guard seconds < Int64.max / 1_000_000_000 else { return "\(seconds)s" }
        var rest = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        var text = ""
        for (suffix, nanoseconds) in units where rest >= nanoseconds {
            text += "\(rest / nanoseconds)\(suffix)"
            rest %= nanoseconds
        }
        return text.isEmpty ? "0s" : text
    }

    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }
}
